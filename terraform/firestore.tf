# The database: native mode, protected, backed up, and indexed for the queries of relay/google/queries.py alone.

resource "google_firestore_database" "this" {
  count = var.create_database ? 1 : 0

  name                              = var.firestore_database
  location_id                       = local.firestore_location
  type                              = "FIRESTORE_NATIVE"
  point_in_time_recovery_enablement = var.point_in_time_recovery ? "POINT_IN_TIME_RECOVERY_ENABLED" : "POINT_IN_TIME_RECOVERY_DISABLED"
  delete_protection_state           = var.protect_data ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"
  # What is protected is left behind by a destroy instead of making it fail half way.
  deletion_policy = var.protect_data ? "ABANDON" : "DELETE"

  # It is for ever where it is made. So first come a queue, which of all services is in the fewest regions, and a function,
  # which some projects may not build everywhere.
  depends_on = [google_cloud_tasks_queue.tell, google_cloudfunctions2_function.first]
}

locals {
  database = var.create_database ? google_firestore_database.this[0].name : var.firestore_database

  # A collection for each kind of records (relay/google/places.py). `-codes` and `-opt-outs` are only asked for by their
  # ids and kept for good; `-watermarks` too, which is no record. `-operators` has all that is kept of operators.
  collections = {
    relays    = var.relay_collection
    threads   = "${var.relay_collection}-threads"
    codes     = "${var.relay_collection}-codes"
    opt_outs  = "${var.relay_collection}-opt-outs"
    people    = "${var.relay_collection}-people"
    operators = "${var.relay_collection}-operators"
  }
  expiring = ["relays", "threads", "people", "operators"]

  # One per query of relay/google/queries.py and no other; tests derive both lists from that table. A query on several
  # fields needs a composite index (the document id at its end is added by itself), one on a single field that field's.
  indexes = {
    by_final_status = { of = "relays", equal = ["final_status"], newest_first_by = "timestamp" }
    by_sender_phone = { of = "relays", equal = ["sender_phone"], newest_first_by = "timestamp" }
    by_both         = { of = "relays", equal = ["final_status", "sender_phone"], newest_first_by = "timestamp" }
    by_thread       = { of = "relays", equal = ["thread_id"], newest_first_by = "timestamp" }
    unclaimed       = { of = "relays", equal = ["unclaimed_in"], newest_first_by = "timestamp" }
    by_person       = { of = "threads", equal = [], containing = "shown_persons", newest_first_by = "touched_at" }
    due_of_kind     = { of = "operators", equal = ["kind"], oldest_first_by = "due_at" }
    lasting_of_kind = { of = "operators", equal = ["kind"], newest_first_by = "expires_at" }
  }
  indexed_fields = {
    due_at      = { of = "relays", order = "ASCENDING" }
    timestamp   = { of = "relays", order = "DESCENDING" }
    media_token = { of = "relays", order = "ASCENDING" }
    touched_at  = { of = "threads", order = "DESCENDING" }
    seen_at     = { of = "people", order = "DESCENDING" }
  }
}

# A database that a destroy leaves is backed up as before, and keeps its fields' settings: its texts go on expiring, and
# bodies are not indexed after all. (Composite indexes go, since making one that is there already is an error. A second
# daily schedule is one, too: with create_backup_schedule = false the one that was left goes on.)
resource "google_firestore_backup_schedule" "daily" {
  count = var.create_backup_schedule && var.backup_retention_days > 0 ? 1 : 0

  database  = local.database
  retention = "${var.backup_retention_days * 86400}s"
  daily_recurrence {}

  deletion_policy = local.left_with_the_database
}

locals {
  left_with_the_database = var.protect_data ? "ABANDON" : "DELETE"
}

# Nothing is indexed unless a query needs it: "*" is every field without settings of its own. Bodies and trails must not
# be (an indexed value may have 1500 bytes, and each entry is paid for). An index on a time that only ever grows limits
# the whole collection to 500 writes a second: a queue of texts that long never forms before one phone number.
resource "google_firestore_field" "unindexed" {
  for_each = local.collections

  database   = local.database
  collection = each.value
  field      = "*"
  index_config {}

  deletion_policy = local.left_with_the_database
}

resource "google_firestore_field" "indexed" {
  for_each = local.indexed_fields

  database   = local.database
  collection = local.collections[each.value.of]
  field      = each.key
  index_config {
    indexes {
      order       = each.value.order
      query_scope = "COLLECTION"
    }
  }

  deletion_policy = local.left_with_the_database
  # The API takes one change of a collection's fields at a time.
  depends_on = [google_firestore_field.unindexed]
}

# Documents go 90 days after the text came in, or the thread or person was last met, those of operators when they are
# over; the date is in the field.
resource "google_firestore_field" "expiry" {
  for_each = toset(local.expiring)

  database   = local.database
  collection = local.collections[each.key]
  field      = "expires_at"
  ttl_config {}
  index_config {}

  deletion_policy = local.left_with_the_database
  depends_on      = [google_firestore_field.indexed]
}

moved {
  from = google_firestore_backup_schedule.daily
  to   = google_firestore_backup_schedule.daily[0]
}

moved {
  from = google_firestore_field.unindexed
  to   = google_firestore_field.unindexed["relays"]
}

moved {
  from = google_firestore_field.expiry
  to   = google_firestore_field.expiry["relays"]
}

resource "google_firestore_index" "query" {
  for_each = local.indexes

  database    = local.database
  collection  = local.collections[each.value.of]
  query_scope = "COLLECTION"

  dynamic "fields" {
    for_each = compact([try(each.value.containing, null)])
    content {
      field_path   = fields.value
      array_config = "CONTAINS"
    }
  }
  dynamic "fields" {
    for_each = each.value.equal
    content {
      field_path = fields.value
      order      = "ASCENDING"
    }
  }
  fields {
    field_path = try(each.value.newest_first_by, each.value.oldest_first_by)
    order      = can(each.value.newest_first_by) ? "DESCENDING" : "ASCENDING"
  }
}

# One role per verb, because the ready-made ones all include deleting. Who updates may create as well: Google's table of
# rights (as read in 2026-11) asks for `update` where a write says that the document exists and for both where it says
# nothing; our updates say when the document was last changed, and no line is about those.
locals {
  store_permissions = {
    get    = ["datastore.entities.get"]
    list   = ["datastore.entities.list"]
    create = ["datastore.entities.create"]
    update = ["datastore.entities.update"]
  }
}

resource "google_project_iam_custom_role" "store" {
  for_each = local.store_permissions

  role_id     = "smsRelayDocument${title(each.key)}"
  title       = "SMS relay: ${each.key} documents"
  permissions = each.value
  depends_on  = [time_sleep.services]
}

# Authoritative for our own roles only: any other account that was given one loses it again.
resource "google_project_iam_binding" "store" {
  for_each = local.store_permissions

  project = var.project_id
  role    = google_project_iam_custom_role.store[each.key].id
  members = [for name, function in local.functions : "serviceAccount:${google_service_account.function[name].email}" if contains(function.store, each.key)]

  condition {
    title      = "this-database-only"
    expression = "resource.name == \"projects/${var.project_id}/databases/${var.firestore_database}\""
  }
}
