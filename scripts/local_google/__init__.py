"""Local stand-ins for the Google services the relay uses.

`emulators` runs Google's own Firestore and Pub/Sub emulators, `cloud_tasks` is a small Cloud Tasks server
(Google offers none), `issuer` mints and publishes identity tokens. Nothing here is deployed.
"""
