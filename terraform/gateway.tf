# The front: one address for all routes, and nothing public behind it. Left out with use_gateway = false.

locals {
  # Where API Gateway does not exist, the nearest region in which it does. The longest matching beginning wins.
  nearest_gateway_regions = {
    "africa"       = "europe-west1"
    "asia"         = "asia-northeast1"
    "australia"    = "australia-southeast1"
    "europe"       = "europe-west1"
    "me"           = "europe-west1"
    "northamerica" = "us-east4"
    "southamerica" = "us-east1"
    "us"           = "us-central1"
    "us-west1"     = "us-west2"
    "europe-west2" = "europe-west2"
    "us-east1"     = "us-east1"
    "us-east4"     = "us-east4"
    "us-east5"     = "us-east4"
    "us-west2"     = "us-west2"
    "us-west3"     = "us-west3"
    "us-west4"     = "us-west4"
  }
  gateway_region = coalesce(
    var.gateway_region,
    lookup(local.nearest_gateway_regions, var.region, local.nearest_gateway_regions[split("-", var.region)[0]]),
  )
}

resource "google_api_gateway_api" "this" {
  count    = var.use_gateway ? 1 : 0
  provider = google-beta

  api_id       = "sms-relay"
  display_name = "SMS relay"
  depends_on   = [google_project_service.this]
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
}

resource "google_api_gateway_gateway" "this" {
  count    = var.use_gateway ? 1 : 0
  provider = google-beta

  gateway_id   = "sms-relay"
  display_name = "SMS relay"
  region       = local.gateway_region
  api_config   = google_api_gateway_api_config.this[0].id
}
