# How the deployment is run: functions, queues, events, and who is told what. All of it has defaults.

variable "warm_webhook_instances" {
  description = "Instances of sms-inbound that are always warm: 9.86 USD a month each. Without one a quiet day's first text may wait 2 to 4 s for a cold start, which Twilio waits for."
  type        = number
  default     = 0

  validation {
    condition     = var.warm_webhook_instances >= 0 && var.warm_webhook_instances <= 20 && floor(var.warm_webhook_instances) == var.warm_webhook_instances
    error_message = "warm_webhook_instances must be a whole number from 0 to 20."
  }
}

variable "runtime" {
  description = "Runtime of the functions: by default the oldest Python that the relay is written and tested for."
  type        = string
  default     = "python311"

  validation {
    condition     = can(regex("^python3(11|12|13|14)$", var.runtime))
    error_message = "runtime must be python311, python312, python313 or python314."
  }
}

variable "send_with_api_key" {
  description = "Send with a Twilio API key instead of the auth token; the key's SID and secret must be in Secret Manager too."
  type        = bool
  default     = false
}

variable "twilio_api_base_url" {
  description = "Another Twilio-compatible server, for a staging deployment."
  type        = string
  default     = null

  validation {
    condition     = var.twilio_api_base_url == null ? true : can(regex("^https://[^/?#_]+(/[^?#]*)?$", var.twilio_api_base_url))
    error_message = "twilio_api_base_url must be an https address without ? or #."
  }
}

variable "tasks_queue_prefix" {
  description = "Queues are named by this and the tier's number. Choose another one to deploy again within a week of a destroy: Cloud Tasks keeps a deleted queue's name taken for that long."
  type        = string
  default     = "escalate-tier"

  validation {
    condition     = can(regex("^[A-Za-z][A-Za-z0-9-]{0,90}$", var.tasks_queue_prefix))
    error_message = "tasks_queue_prefix must be letters, digits and hyphens."
  }
}

variable "queue_dispatches_per_second" {
  description = "How many timers of one tier fire per second at most."
  type        = number
  default     = 20

  validation {
    condition     = var.queue_dispatches_per_second > 0 && var.queue_dispatches_per_second <= 500
    error_message = "queue_dispatches_per_second must be more than 0 and at most 500, Cloud Tasks' own limit."
  }
}

variable "export_events_to_bigquery" {
  description = "Write every relay event to a BigQuery table."
  type        = bool
  default     = false
}

variable "create_events_table" {
  description = "Create the table of exported events and its dataset. False when they exist already, for example because an earlier destroy left them."
  type        = bool
  default     = true
}

# --- Watching --------------------------------------------------------------------------------------------------------

variable "alert_emails" {
  description = "Addresses that get the alerts; a notification channel is created for each."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for email in var.alert_emails : can(regex("^[^@ ]+@[^@ ]+$", email))])
    error_message = "alert_emails must be e-mail addresses."
  }
}

variable "notification_channels" {
  description = "Existing notification channels that get the alerts, as projects/…/notificationChannels/…"
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for channel in var.notification_channels : can(regex("^projects/[^/]+/notificationChannels/[^/]+$", channel))])
    error_message = "notification_channels must be full names: projects/PROJECT/notificationChannels/ID."
  }
}

variable "queue_depth_alert" {
  description = "Tasks waiting in one tier's queue from which on the alerts' channels are told. Each relay on its way has one."
  type        = number
  default     = 500

  validation {
    condition     = var.queue_depth_alert >= 1 && floor(var.queue_depth_alert) == var.queue_depth_alert
    error_message = "queue_depth_alert must be a whole number of tasks, 1 or more."
  }
}

variable "slo_goal" {
  description = "Share of relays that reach a handler, over 28 days."
  type        = number
  default     = 0.99

  validation {
    condition     = var.slo_goal > 0 && var.slo_goal <= 0.9999
    error_message = "slo_goal must be more than 0 and at most 0.9999, the most that Cloud Monitoring takes."
  }
}

variable "labels" {
  description = "Further labels on everything that can have labels."
  type        = map(string)
  default     = {}

  validation {
    condition = alltrue([for name, value in var.labels :
      can(regex("^[a-z][a-z0-9_-]{0,62}$", name)) && can(regex("^[a-z0-9_-]{0,63}$", value))
    ])
    error_message = "labels must be lowercase: names and values of letters, digits, _ and -, at most 63 of them."
  }
}
