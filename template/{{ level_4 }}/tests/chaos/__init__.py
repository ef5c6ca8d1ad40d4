"""What clients get while something that the services need is slow, failing or gone."""
