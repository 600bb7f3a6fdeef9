# The functions: one map, one resource. What a function may do and reads follows from its needs, which are those of
# functions/relay/settings/variables.py; tests hold the two together.

locals {
  # Shapes. A second-generation function handles one request at a time unless told otherwise; each simultaneous text
  # would then wait for an instance of its own to start. More than one at a time needs a whole CPU.
  shapes = {
    # Twilio gives up after 15 s, so no answer is awaited after that. The work is waiting (Firestore, Cloud Tasks,
    # Twilio), so 40 at a time are no load for one CPU. 512 MiB: the three clients take some 130 MiB, the rest is room
    # for 40 threads (docs/performance.md: at 20 the processor waits for Twilio, at 80 texts wait for it); memory also
    # pays for a fast start. 10 instances take 400 texts at once; a flood beyond that comes again and costs no more.
    webhook = { timeout_seconds = 15, memory = "512Mi", concurrency = 40, max_instances = var.max_instances.webhook }
    # A look-up and a send at Twilio and their records: at most 40 s of work, and an answer before Cloud Tasks asks again
    # after 60 s. 10 at a time, because a queue hands out bursts; 10 instances, because Twilio sends no faster anyway.
    escalation = { timeout_seconds = 50, memory = "512Mi", concurrency = 10, max_instances = var.max_instances.escalation }
    # Runs of up to 50 s, started every minute; of up to 120 s, every five. One instance, one at a time: a run that
    # overlaps its successor is harmless, but useless.
    sweep     = { timeout_seconds = 60, memory = "512Mi", concurrency = 1, max_instances = var.max_instances.sweep }
    reconcile = { timeout_seconds = 150, memory = "512Mi", concurrency = 1, max_instances = var.max_instances.reconcile }
    # For the few people on a list and their tools: an upper limit, never reached.
    operator = { timeout_seconds = 30, memory = "512Mi", concurrency = 10, max_instances = var.max_instances.operator }
    # One event for each write of a document; publishing is waiting again. 10 instances publish 200 at once, and
    # Eventarc brings again what finds no place.
    event = { timeout_seconds = 30, memory = "512Mi", concurrency = 20, max_instances = var.max_instances.event }
    # Photos on their way to handlers' phones, some of them slowly: 8 files of up to 5 MB at a time, each handed on in
    # pieces and given up after a minute, and a bill that a flood of requests cannot run up.
    media = { timeout_seconds = 75, memory = "512Mi", concurrency = 8, max_instances = var.max_instances.media }
    # Files of a page, and signing in: a few documents. Everybody may call it, so a flood has its upper limit here.
    console = { timeout_seconds = 20, memory = "512Mi", concurrency = 20, max_instances = var.max_instances.console }
    # Rounds that take on messages to operators for 45 s at most and wait for the last, started by each message and every
    # minute. Several at a time: a code is awaited by a person, while another round waits for a server of e-mail.
    tell = { timeout_seconds = 90, memory = "512Mi", concurrency = 8, max_instances = var.max_instances.tell }
  }

  # Who may call the public routes: the gateway, or without it everybody (Twilio has no Google identity).
  gateway_callers  = [for account in google_service_account.gateway : "serviceAccount:${account.email}"]
  webhook_callers  = var.use_gateway ? local.gateway_callers : ["allUsers"]
  operator_callers = var.use_gateway ? local.gateway_callers : ["serviceAccount:${google_service_account.operator.email}"]

  # store: what the function does with documents (firestore.tf gives a role for each verb, and says why who updates may
  # create). list: it looks for some, as for the other texts of a sender who sends many. ingress: API Gateway comes from outside as the internet does; tasks, schedules and events of this project
  # count as internal.
  functions = merge({
    sms-inbound = {
      entry_point = "sms_inbound", shape = "webhook", min_instances = var.warm_webhook_instances, tier = null
      needs       = ["store", "timers", "webhook", "sending", "callback", "tiers", "links", "replies", "alarms"]
      store       = ["get", "list", "create", "update"]
      callers     = local.webhook_callers, ingress = "ALLOW_ALL"
    }
    sms-delivery-status = {
      entry_point = "sms_delivery_status", shape = "webhook", min_instances = 0, tier = null
      needs       = ["store", "timers", "webhook", "replies", "alarms"]
      store       = ["get", "create", "update"]
      callers     = local.webhook_callers, ingress = "ALLOW_ALL"
    }
    sms-relay-state = {
      entry_point = "sms_relay_state", shape = "operator", min_instances = 0, tier = null
      needs       = ["store", "tiers", "identity", "browser", "operators", "links", "replies"]
      store       = ["get", "list", "create", "update"] # a session is renewed by its use
      callers     = local.operator_callers, ingress = "ALLOW_ALL"
    }
    sms-redrive = {
      entry_point = "sms_redrive", shape = "operator", min_instances = 0, tier = null
      needs       = ["store", "timers", "tiers", "identity", "browser", "operators", "replies", "alarms"]
      store       = ["get", "list", "create", "update"]
      callers     = local.operator_callers, ingress = "ALLOW_ALL"
    }
    sweep = {
      entry_point = "sweep", shape = "sweep", min_instances = 0, tier = null
      needs       = ["store", "timers", "sending", "callback", "links", "replies", "alarms"]
      store       = ["get", "list", "create", "update"]
      callers     = ["serviceAccount:${google_service_account.scheduler.email}"], ingress = "ALLOW_INTERNAL_ONLY"
    }
    reconcile = {
      entry_point = "reconcile", shape = "reconcile", min_instances = 0, tier = null
      needs       = ["store", "timers", "sending", "callback", "tiers", "links", "replies", "alarms"]
      store       = ["get", "list", "create", "update"]
      callers     = ["serviceAccount:${google_service_account.scheduler.email}"], ingress = "ALLOW_INTERNAL_ONLY"
    }
    relay-events = {
      entry_point = "relay_events", shape = "event", min_instances = 0, tier = null
      needs       = ["store", "events"]
      store       = [] # the trigger brings the document along
      callers     = ["serviceAccount:${google_service_account.events_trigger.email}"], ingress = "ALLOW_INTERNAL_ONLY"
    }
    # Public, because handlers' phones have no identity: the link is the secret. It only reads.
    media = {
      entry_point = "media", shape = "media", min_instances = 0, tier = null
      needs       = ["store", "media"]
      store       = ["get", "list"]
      callers     = local.webhook_callers, ingress = "ALLOW_ALL"
    }
    # Behind the gateway it is public, and what it hands out holds no data; operators named to Google reach it directly.
    console = {
      entry_point = "console", shape = "console", min_instances = 0, tier = null
      needs       = ["console", "store", "identity", "operators", "alarms"]
      store       = ["get", "list", "create", "update"]
      callers     = concat(local.gateway_callers, var.operators), ingress = "ALLOW_ALL"
    }
    tell = {
      entry_point = "tell", shape = "tell", min_instances = 0, tier = null
      needs       = ["store", "sending", "callback", "alarms", "telling"]
      store       = ["get", "list", "create", "update"]
      callers     = ["serviceAccount:${google_service_account.scheduler.email}", "serviceAccount:${google_service_account.tasks_invoker.email}"], ingress = "ALLOW_INTERNAL_ONLY"
    }
    },
    { for tier in local.escalation_tiers : "escalate-tier-${tier}" => {
      entry_point = "escalate_tier", shape = "escalation", min_instances = 0, tier = tier
      needs       = ["store", "timers", "sending", "callback", "own_tier", "links", "replies", "alarms"]
      store       = ["get", "list", "create", "update"]
      callers     = ["serviceAccount:${google_service_account.tasks_invoker.email}"], ingress = "ALLOW_INTERNAL_ONLY"
    } }
  )

  functions_with_timers = [for name, function in local.functions : name if contains(function.needs, "timers")]
  functions_with_alarms = [for name, function in local.functions : name if contains(function.needs, "alarms")]
}

resource "google_cloudfunctions2_function" "this" {
  #checkov:skip=CKV_GCP_124:API Gateway and Twilio both come from the internet; every other function is internal, see local.functions.
  for_each = { for name, function in local.functions : name => function if name != "media" }

  name        = each.key
  location    = var.region
  description = "SMS relay: ${each.value.entry_point}${each.value.tier == null ? "" : " of tier ${each.value.tier}"}"

  build_config {
    runtime           = var.runtime
    entry_point       = each.value.entry_point
    service_account   = google_service_account.build.id
    docker_repository = google_artifact_registry_repository.images.id
    source {
      storage_source {
        bucket = google_storage_bucket.source.name
        object = google_storage_bucket_object.source.name
      }
    }
  }

  service_config {
    service_account_email = google_service_account.function[each.key].email
    ingress_settings      = each.value.ingress

    timeout_seconds                  = local.shapes[each.value.shape].timeout_seconds
    available_memory                 = local.shapes[each.value.shape].memory
    available_cpu                    = "1" # less than one allows no concurrency
    max_instance_request_concurrency = local.shapes[each.value.shape].concurrency
    min_instance_count               = each.value.min_instances
    max_instance_count               = local.shapes[each.value.shape].max_instances
    # Startup CPU boost has no argument here: Cloud Functions switches it on for every function by itself.

    environment_variables = merge(
      local.environment_of[each.key],
      # What the framework reads.
      {
        # The server's threads must match the concurrency, or requests wait inside the instance.
        THREADS = tostring(local.shapes[each.value.shape].concurrency)
        # Cloud Functions would switch it on. The framework would then put a stream of its own in the log's way, which takes
        # each write for one line, and every line would cost a write.
        LOG_EXECUTION_ID = "false"
      },
    )

    dynamic "secret_environment_variables" {
      for_each = local.secrets_of[each.key]
      content {
        key        = secret_environment_variables.value
        project_id = var.project_id
        secret     = google_secret_manager_secret.this[secret_environment_variables.value].secret_id
        # Read when an instance starts; `make secrets` and a rotation start new ones.
        version = "latest"
      }
    }
  }

  dynamic "event_trigger" {
    for_each = each.value.entry_point == "relay_events" ? [1] : []
    content {
      event_type            = "google.cloud.firestore.document.v1.written"
      trigger_region        = local.firestore_location # where the database is, not where the function runs
      service_account_email = google_service_account.events_trigger.email
      retry_policy          = "RETRY_POLICY_RETRY" # nothing committed goes unpublished
      event_filters {
        attribute = "database"
        value     = var.firestore_database
      }
      event_filters {
        attribute = "document"
        value     = "${var.relay_collection}/{message_id}"
        operator  = "match-path-pattern"
      }
    }
  }

  depends_on = [
    google_cloudfunctions2_function.first,
    google_firestore_database.this,
  ]
}

# Exactly these may call it; a binding made by hand, allUsers above all, is taken away by the next apply.
resource "google_cloud_run_v2_service_iam_binding" "invokers" {
  for_each = { for name, function in local.functions : name => function if length(function.callers) > 0 }

  name     = merge(google_cloudfunctions2_function.this, google_cloudfunctions2_function.first)[each.key].name
  location = var.region
  role     = "roles/run.invoker"
  members  = each.value.callers
}
