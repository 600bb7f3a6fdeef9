"""The google home: Firestore, Cloud Tasks and Pub/Sub behind the ports. Loads their clients on first use."""
