"""A program that reads events from RABBITMQ_URL until there are as many as wanted, and prints them."""

READER = """
import asyncio, sys
from chassis_rabbitmq.broker import make_broker
from chassis_rabbitmq.rabbitmq_settings import Settings
from chassis_rabbitmq.topology import declare, queue

async def main(wanted, seconds):
    settings = Settings()
    all_events = queue("all", "#", settings)
    async with make_broker(settings) as broker, asyncio.timeout(seconds):
        await declare(broker, settings, all_events)
        waiting = await broker.declare_queue(all_events)
        read = []
        while len(set(read)) < wanted:
            if message := await waiting.get(fail=False, timeout=60):
                await message.ack()
                read.append(message.body)
            else:
                await asyncio.sleep(0.05)
    for body in dict.fromkeys(read):
        print(body.decode())

asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
"""
