# What each function is told: environment variables and secrets, by need, as functions/relay/settings/variables.py has them.

locals {
  gateway_url = var.use_gateway ? "https://${google_api_gateway_gateway.this[0].default_hostname}" : null

  # The address Twilio uses, which is what it signs. Without a gateway every route is on an address of its own.
  public_base_urls = { for name in ["sms-inbound", "sms-delivery-status"] :
    name => var.use_gateway ? local.gateway_url : local.function_urls[name]
  }
  callback_base_url = local.public_base_urls["sms-delivery-status"]

  # Whom an identity token must be meant for. The gateway checks it too, so it cannot be the gateway's own address (the
  # gateway does not exist before its configuration does). Without a gateway Cloud Run demands the function's address.
  identity_audiences = { for name in ["sms-relay-state", "sms-redrive"] :
    name => var.use_gateway ? "https://sms-relay.${var.project_id}" : local.function_urls[name]
  }

  another_twilio = var.twilio_api_base_url == null ? {} : { TWILIO_API_BASE_URL = var.twilio_api_base_url }

  environment_by_need = {
    store = {
      RELAY_BACKEND        = "google"
      GOOGLE_CLOUD_PROJECT = var.project_id
      FIRESTORE_DATABASE   = var.firestore_database
      RELAY_COLLECTION     = var.relay_collection
    }
    timers = {
      TASKS_LOCATION          = var.region
      TASKS_QUEUE_TEMPLATE    = "${var.tasks_queue_prefix}-{tier}"
      ESCALATION_URL_TEMPLATE = "https://escalate-tier-{tier}-${local.project_number}.${var.region}.run.app"
      TASKS_INVOKER_EMAIL     = google_service_account.tasks_invoker.email
    }
    webhook  = local.another_twilio
    callback = {}
    sending  = merge(local.another_twilio, var.business_name == null ? {} : { RELAY_BUSINESS_NAME = var.business_name })
    tiers = {
      BUSINESS_PHONE_NUMBER = join(",", var.business_phone_numbers)
      # What a tier does not say is left out, not null.
      RELAY_TIERS = jsonencode([for tier in var.tiers : { for key, value in tier : key => value if value != null }])
    }
    replies = {
      RELAY_REPLIES              = var.replies ? "on" : "off"
      RELAY_OWNER_ACTIVE_SECONDS = tostring(var.owner_active_seconds)
    }
    identity = {
      RELAY_STATE_ALLOWED_EMAILS = join(",", concat([google_service_account.operator.email], var.relay_state_allowed_emails))
    }
    browser  = length(var.relay_state_allowed_origins) == 0 ? {} : { RELAY_STATE_ALLOWED_ORIGINS = join(",", var.relay_state_allowed_origins) }
    own_tier = {}
    # Without a gateway the two routes have two addresses, both of which refuse a browser's preflight: no console then.
    console = var.use_gateway ? { CONSOLE_API_URL = local.gateway_url } : {}
    events = {
      EVENTS_TOPIC      = google_pubsub_topic.events.name
      DEAD_LETTER_TOPIC = google_pubsub_topic.dead_letters.name
    }
  }

  # What differs from function to function.
  own_environment = { for name, function in local.functions : name => merge(
    contains(function.needs, "callback") ? { PUBLIC_BASE_URL = local.callback_base_url } : {},
    contains(function.needs, "webhook") ? { PUBLIC_BASE_URL = local.public_base_urls[name] } : {},
    # Only the function that has both needs can be in want of two addresses.
    contains(function.needs, "webhook") && contains(function.needs, "callback") && !var.use_gateway ? { CALLBACK_BASE_URL = local.callback_base_url } : {},
    contains(function.needs, "identity") ? { RELAY_STATE_AUDIENCE = local.identity_audiences[name] } : {},
    contains(function.needs, "own_tier") ? { ESCALATION_TIER = function.tier } : {},
  ) }

  environment_of = { for name, function in local.functions : name => merge(
    concat([for need in function.needs : local.environment_by_need[need]], [local.own_environment[name]])...
  ) }

  secrets_by_need = {
    webhook = ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_AUTH_TOKEN_SECONDARY"]
    sending = concat(
      ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"],
      var.send_with_api_key ? ["TWILIO_API_KEY_SID", "TWILIO_API_KEY_SECRET"] : [],
    )
  }

  secrets_of = { for name, function in local.functions : name => sort(distinct(flatten(
    [for need in function.needs : lookup(local.secrets_by_need, need, [])]
  ))) }
}
