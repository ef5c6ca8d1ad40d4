"""Stand-ins for a relay, SendGrid, Twilio and SNS, as strict as these are; and what came to them."""
