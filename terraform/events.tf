# Relay events: published by relay-events after each committed write, for other systems to subscribe to.

resource "google_pubsub_topic" "events" {
  #checkov:skip=CKV_GCP_83:Events hold no text and no full number; Google's own encryption at rest is enough.
  name       = "relay-events"
  depends_on = [time_sleep.services]
}

# Relays that reached no handler, for people.
resource "google_pubsub_topic" "dead_letters" {
  #checkov:skip=CKV_GCP_83:Events hold no text and no full number; Google's own encryption at rest is enough.
  name                       = "relay-dead-letters"
  message_retention_duration = "604800s"
  depends_on                 = [time_sleep.services]
}

# Events that a subscriber refused again and again. Not to be confused with dead letters, which are relays.
resource "google_pubsub_topic" "undeliverable" {
  #checkov:skip=CKV_GCP_83:Events hold no text and no full number; Google's own encryption at rest is enough.
  name       = "relay-events-undeliverable"
  depends_on = [time_sleep.services]
}

resource "google_pubsub_topic_iam_binding" "publishers" {
  for_each = { events = google_pubsub_topic.events.name, dead_letters = google_pubsub_topic.dead_letters.name }

  topic   = each.value
  role    = "roles/pubsub.publisher"
  members = ["serviceAccount:${google_service_account.function["relay-events"].email}"]
}

resource "google_pubsub_subscription" "events" {
  name                    = "relay-events"
  topic                   = google_pubsub_topic.events.id
  enable_message_ordering = true # one relay's events in their order
  ack_deadline_seconds    = 60
  # Not being read for a month must not delete it.
  expiration_policy {
    ttl = ""
  }
  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }
  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.undeliverable.id
    max_delivery_attempts = 10
  }
}

resource "google_pubsub_subscription" "kept" {
  for_each = {
    relay-dead-letters         = google_pubsub_topic.dead_letters.id
    relay-events-undeliverable = google_pubsub_topic.undeliverable.id
  }

  name                       = each.key
  topic                      = each.value
  message_retention_duration = "604800s"
  ack_deadline_seconds       = 60
  expiration_policy {
    ttl = ""
  }
}

# A dead-letter policy does nothing unless Pub/Sub's own account may publish there and acknowledge here.
resource "google_pubsub_topic_iam_member" "undeliverable" {
  topic  = google_pubsub_topic.undeliverable.name
  role   = "roles/pubsub.publisher"
  member = "serviceAccount:${google_project_service_identity.pubsub.email}"
}

resource "google_pubsub_subscription_iam_member" "undeliverable" {
  subscription = google_pubsub_subscription.events.name
  role         = "roles/pubsub.subscriber"
  member       = "serviceAccount:${google_project_service_identity.pubsub.email}"
}

# --- Export ----------------------------------------------------------------------------------------------------------

# What a destroy leaves is not made again but written to: create_events_table = false.
locals {
  events_dataset = "sms_relay"
  events_table   = "relay_events"
  makes_table    = var.export_events_to_bigquery && var.create_events_table
}

resource "google_bigquery_dataset" "events" {
  #checkov:skip=CKV_GCP_81:Events hold no text and no full number; Google's own encryption at rest is enough.
  count = local.makes_table ? 1 : 0

  dataset_id                 = local.events_dataset
  location                   = var.region
  description                = "Relay events"
  delete_contents_on_destroy = !var.protect_data
  deletion_policy            = var.protect_data ? "ABANDON" : "DELETE"
  depends_on                 = [time_sleep.services]
}

# The columns that a BigQuery subscription writes when it is not given a schema.
resource "google_bigquery_table" "events" {
  #checkov:skip=CKV_GCP_80:Events hold no text and no full number; Google's own encryption at rest is enough.
  #checkov:skip=CKV_GCP_121:Protection is a variable (protect_data), on by default.
  count = local.makes_table ? 1 : 0

  dataset_id          = google_bigquery_dataset.events[0].dataset_id
  table_id            = local.events_table
  deletion_protection = false # deletion_policy below says what a destroy does
  deletion_policy     = var.protect_data ? "ABANDON" : "DELETE"
  time_partitioning {
    type  = "DAY"
    field = "publish_time"
  }
  schema = jsonencode([
    { name = "subscription_name", type = "STRING", mode = "NULLABLE" },
    { name = "message_id", type = "STRING", mode = "NULLABLE" },
    { name = "publish_time", type = "TIMESTAMP", mode = "NULLABLE" },
    { name = "data", type = "JSON", mode = "NULLABLE" },
    { name = "attributes", type = "JSON", mode = "NULLABLE" },
  ])
}

resource "google_bigquery_dataset_iam_member" "pubsub_writes" {
  count = var.export_events_to_bigquery ? 1 : 0

  dataset_id = local.events_dataset
  role       = "roles/bigquery.dataEditor"
  member     = "serviceAccount:${google_project_service_identity.pubsub.email}"
  depends_on = [google_bigquery_dataset.events]
}

# A subscription is refused while Pub/Sub's account may not write to the table yet, and a right takes some two minutes to
# get about.
resource "time_sleep" "pubsub_writes" {
  count = var.export_events_to_bigquery ? 1 : 0

  create_duration = "120s"
  triggers        = { right = google_bigquery_dataset_iam_member.pubsub_writes[0].id }
}

resource "google_pubsub_subscription" "export" {
  count = var.export_events_to_bigquery ? 1 : 0

  name  = "relay-events-to-bigquery"
  topic = google_pubsub_topic.events.id
  expiration_policy {
    ttl = ""
  }
  bigquery_config {
    table          = "${var.project_id}.${local.events_dataset}.${local.events_table}"
    write_metadata = true
  }
  depends_on = [google_bigquery_table.events, time_sleep.pubsub_writes]
}
