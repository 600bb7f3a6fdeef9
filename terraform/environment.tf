# What each function is told: environment variables and secrets, by need, as functions/relay/settings/variables.py has them.

locals {
  gateway_url = var.use_gateway ? "https://${google_api_gateway_gateway.this[0].default_hostname}" : null

  # The address Twilio uses, which is what it signs. Without a gateway every route is on an address of its own.
  public_base_urls = { for name in ["sms-inbound", "sms-delivery-status"] :
    name => var.use_gateway ? local.gateway_url : local.function_urls[name]
  }
  callback_base_url = local.public_base_urls["sms-delivery-status"]

  # In front of the links by which handlers open photos.
  media_base_url = coalesce(var.media_base_url, var.use_gateway ? local.gateway_url : local.function_urls["media"])

  # Where operators open the console and what alarms link to. Without a gateway the console can ask nothing.
  console_base_url = coalesce(var.console_base_url, var.use_gateway ? local.gateway_url : local.function_urls["console"])

  # Who asked stands that many addresses from the right in X-Forwarded-For. The front end before the gateway writes down
  # the caller, the gateway itself no one, and the front end before a function the gateway. No page of Google's says so
  # of both (docs/first-project.md); ESPv2, which the gateway is, says it of itself.
  trusted_proxies = coalesce(var.trusted_proxies, var.use_gateway ? 2 : 0)

  # Whom an identity token must be meant for: a name that stays the same when the gateway is made anew, and that follows
  # from the project alone. Without a gateway Cloud Run demands the function's address.
  identity_audiences = { for name in ["sms-relay-state", "sms-redrive", "console"] :
    name => var.use_gateway ? "https://sms-relay.${local.project_domain}" : local.function_urls[name]
  }

  another_twilio = var.twilio_api_base_url == null ? {} : { TWILIO_API_BASE_URL = var.twilio_api_base_url }

  business_name = var.business_name == null ? {} : { RELAY_BUSINESS_NAME = var.business_name }

  # What an operator does not say is left out, not null.
  listed_operators = jsonencode([for each in var.relay_operators : { for key, value in each : key => value if value != null }])

  told_by = { for name, value in {
    RELAY_ALARM_PHONES      = join(",", var.alarm_phones)
    RELAY_ALARM_EMAILS      = join(",", var.alarm_emails)
    RELAY_ALARM_WEBHOOK_URL = var.alarm_webhook_url == null ? "" : var.alarm_webhook_url
  } : name => value if value != "" }

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
    sending  = merge(local.another_twilio, local.business_name)
    media    = local.another_twilio
    links    = { MEDIA_BASE_URL = local.media_base_url }
    tiers = {
      BUSINESS_PHONE_NUMBER = join(",", var.business_phone_numbers)
      # What a tier does not say is left out, not null.
      RELAY_TIERS     = jsonencode([for tier in var.tiers : { for key, value in tier : key => value if value != null }])
      RELAY_OPERATORS = local.listed_operators
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
    console = merge(local.business_name, var.use_gateway ? { CONSOLE_API_URL = local.console_base_url } : {})
    operators = {
      RELAY_OPERATORS       = local.listed_operators
      CONSOLE_BASE_URL      = local.console_base_url
      RELAY_TRUSTED_PROXIES = tostring(local.trusted_proxies)
    }
    alarms = merge(local.told_by, {
      RELAY_ALARM_WORDS   = var.alarm_words ? "on" : "off"
      CONSOLE_BASE_URL    = local.console_base_url
      TELL_URL            = local.function_urls["tell"]
      TELL_QUEUE          = local.tell_queue
      TASKS_LOCATION      = var.region
      TASKS_INVOKER_EMAIL = google_service_account.tasks_invoker.email
    })
    telling = merge(
      local.told_by,
      { BUSINESS_PHONE_NUMBER = join(",", var.business_phone_numbers) },
      var.smtp_url == null ? {} : { SMTP_URL = var.smtp_url, RELAY_EMAIL_FROM = var.email_from },
    )
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

  secrets_of_signing_in = concat(
    ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"],
    var.send_with_api_key ? ["TWILIO_API_KEY_SID", "TWILIO_API_KEY_SECRET"] : [],
  )
  # Made only for who needs them: six versions in Secret Manager are free.
  secrets_of_telling = concat(
    local.smtp_has_user ? ["SMTP_PASSWORD"] : [],
    var.alarm_webhook_signed ? ["RELAY_ALARM_WEBHOOK_SECRET"] : [],
  )
  smtp_has_user = var.smtp_url == null ? false : strcontains(var.smtp_url, "@")

  secrets_by_need = {
    webhook = ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_AUTH_TOKEN_SECONDARY"]
    sending = local.secrets_of_signing_in
    media   = local.secrets_of_signing_in
    telling = local.secrets_of_telling
  }

  secrets_of = { for name, function in local.functions : name => sort(distinct(flatten(
    [for need in function.needs : lookup(local.secrets_by_need, need, [])]
  ))) }
}
