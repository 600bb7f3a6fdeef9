"""What the relay is compared with. Each is as small as its purpose allows, and none imports the relay."""
