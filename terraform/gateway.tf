# The front: one address for all routes, and nothing public behind it. Left out with use_gateway = false. Its region is in
# regions.tf.

resource "google_api_gateway_api" "this" {
  count    = var.use_gateway ? 1 : 0
  provider = google-beta

  api_id       = "sms-relay"
  display_name = "SMS relay"
  depends_on   = [google_project_service_identity.this]
}

# A configuration cannot be changed, only replaced; its id follows from its content, and the new one is there before the
# gateway lets go of the old one.
resource "google_api_gateway_api_config" "this" {
  count    = var.use_gateway ? 1 : 0
  provider = google-beta

  api           = google_api_gateway_api.this[0].api_id
  api_config_id = "sms-relay-${substr(sha256(jsonencode(local.openapi)), 0, 12)}"
  display_name  = "SMS relay"

  openapi_documents {
    document {
      path     = "openapi.json"
      contents = base64encode(jsonencode(local.openapi))
    }
  }

  gateway_config {
    backend_config {
      google_service_account = google_service_account.gateway[0].email
    }
  }

  lifecycle {
    create_before_destroy = true
  }
  depends_on = [time_sleep.gateway_rights]
}

resource "google_api_gateway_gateway" "this" {
  count    = var.use_gateway ? 1 : 0
  provider = google-beta

  gateway_id   = "sms-relay"
  display_name = "SMS relay"
  region       = local.gateway_region
  api_config   = google_api_gateway_api_config.this[0].id
}
