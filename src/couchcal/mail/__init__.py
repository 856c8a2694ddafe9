"""Mail to clients and to the practitioner, reminders and text messages: composed when they are sent, sent once."""
