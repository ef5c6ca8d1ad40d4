from chassis.server.cli import main

if __name__ == "__main__":
    main()
