# Values of the secrets' first versions, by the names that repos.env has for them. Only the apply that makes an entry needs
# its value; later plans and applies, and a destroy, do without. They are ephemeral: Terraform writes them nowhere.

variable "twilio_account_sid" {
  description = "Twilio's account SID."
  type        = string
  default     = ""
  nullable    = false
  ephemeral   = true

  validation {
    condition     = var.twilio_account_sid == "" || can(regex("^AC[0-9a-f]{32}$", var.twilio_account_sid))
    error_message = "twilio_account_sid must be AC followed by 32 hexadecimal digits."
  }
}

variable "twilio_auth_token" {
  description = "Twilio's auth token."
  type        = string
  default     = ""
  nullable    = false
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = var.twilio_auth_token == "" || var.twilio_api_base_url != null || can(regex("^[0-9a-f]{32}$", var.twilio_auth_token))
    error_message = "twilio_auth_token must be 32 hexadecimal digits."
  }
}

variable "twilio_auth_token_secondary" {
  description = "A second token that webhooks may be signed with, while the token is rotated; else the first one."
  type        = string
  default     = ""
  nullable    = false
  sensitive   = true
  ephemeral   = true
}

variable "twilio_api_key_sid" {
  description = "SID of the API key, with `send_with_api_key`."
  type        = string
  default     = ""
  nullable    = false
  ephemeral   = true

  validation {
    condition     = var.twilio_api_key_sid == "" || can(regex("^SK[0-9a-f]{32}$", var.twilio_api_key_sid))
    error_message = "twilio_api_key_sid must be SK followed by 32 hexadecimal digits."
  }
}

variable "twilio_api_key_secret" {
  description = "Secret of the API key, with `send_with_api_key`."
  type        = string
  default     = ""
  nullable    = false
  sensitive   = true
  ephemeral   = true
}

variable "smtp_password" {
  description = "Password of the user in `smtp_url`."
  type        = string
  default     = ""
  nullable    = false
  sensitive   = true
  ephemeral   = true
}

variable "relay_alarm_webhook_secret" {
  description = "What alarms are signed with, with `alarm_webhook_signed`: 32 characters or more that cannot be guessed."
  type        = string
  default     = ""
  nullable    = false
  sensitive   = true
  ephemeral   = true
}
