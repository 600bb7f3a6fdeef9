# What the scripts and people need to know afterwards.

output "webhook_base_url" {
  description = "Base of the address to configure at Twilio; `make configure-number` does it."
  value       = local.public_base_urls["sms-inbound"]
}

output "inbound_url" {
  description = "The number's SMS URL, without the connection overrides that `make configure-number` adds."
  value       = "${local.public_base_urls["sms-inbound"]}/sms/inbound"
}

output "delivery_status_url" {
  description = "Where Twilio reports what became of a text."
  value       = "${local.callback_base_url}/sms/delivery-status"
}

output "relay_state_url" {
  description = "Where to ask what happened to a text."
  value       = "${var.use_gateway ? local.gateway_url : local.function_urls["sms-relay-state"]}/sms/relay-state"
}

output "redrive_url" {
  description = "Where to start an exhausted relay again."
  value       = "${var.use_gateway ? local.gateway_url : local.function_urls["sms-redrive"]}/sms/redrive"
}

output "threads_url" {
  description = "Where to act on a customer's thread."
  value       = "${var.use_gateway ? local.gateway_url : local.function_urls["sms-redrive"]}/sms/threads"
}

output "identity_audiences" {
  description = "Audience that an identity token for relay-state, and for redrive and threads, must have."
  value       = { relay_state = local.identity_audiences["sms-relay-state"], redrive = local.identity_audiences["sms-redrive"] }
}

output "operator_email" {
  description = "Account whose identity operators borrow to call relay-state, redrive and threads."
  value       = google_service_account.operator.email
}

output "business_phone_numbers" {
  description = "The numbers to configure at Twilio."
  value       = var.business_phone_numbers
}

output "project_id" {
  description = "The project."
  value       = var.project_id
}

output "console_url" {
  description = "Where operators open the console, which needs the gateway."
  value       = "${local.console_base_url}/console/"
}

output "console_function" {
  description = "Function that serves the console; operators whom Google knows may open it with `gcloud run services proxy`, too."
  value       = google_cloudfunctions2_function.this["console"].name
}

output "functions" {
  description = "Every function's address."
  value       = local.function_urls
}

output "instances_at_most" {
  description = "Instances, and so vCPUs, that each function may have at most, and `in_all`, their sum: a quota of so many is enough in any case."
  value = merge(
    { for name, function in local.functions : name => var.max_instances[function.shape] },
    { in_all = sum([for function in local.functions : var.max_instances[function.shape]]) },
  )
}

output "queues" {
  description = "Each tier's queue, and that of what operators are told."
  value       = merge({ for tier, queue in google_cloud_tasks_queue.tier : tier => queue.name }, { tell = google_cloud_tasks_queue.tell.name })
}

output "secrets" {
  description = "Secret Manager entries that must have a value before the functions can start, by environment variable."
  value       = { for variable, secret in google_secret_manager_secret.this : variable => secret.secret_id }
}

output "firestore" {
  description = "Database and collection of the relays."
  value       = { database = local.database, collection = var.relay_collection }
}

output "topics" {
  description = "Topics of relay events and of exhausted relays."
  value       = { events = google_pubsub_topic.events.id, dead_letters = google_pubsub_topic.dead_letters.id }
}
