# The gateway's document, in the only form it takes: OpenAPI 2.0.

locals {
  # Route → function. Twilio's signature secures the first two, a Google identity token the others; the functions check
  # both themselves, too.
  routes = {
    "/sms/inbound"         = { function = "sms-inbound", summary = "A customer's text", needs_token = false }
    "/sms/delivery-status" = { function = "sms-delivery-status", summary = "What became of a text we sent", needs_token = false }
    "/sms/relay-state"     = { function = "sms-relay-state", summary = "What happened to a relay, or a search", needs_token = true }
    "/sms/redrive"         = { function = "sms-redrive", summary = "Start an exhausted relay again", needs_token = true }
    "/sms/threads"         = { function = "sms-redrive", summary = "Act on a customer's thread", needs_token = true }
  }

  # What each operation is called: a name of a method, by the route. Two routes may be one function's.
  operations = { for path in keys(local.routes) : path => replace(replace(trimprefix(path, "/"), "/", "_"), "-", "_") }

  openapi_backends = { for path, route in local.routes : path => {
    address          = local.function_urls[route.function]
    jwt_audience     = local.function_urls[route.function]
    path_translation = "APPEND_PATH_TO_ADDRESS"
    deadline         = local.shapes[local.functions[route.function].shape].timeout_seconds
  } }

  openapi = {
    swagger = "2.0"
    info = {
      title       = "SMS relay"
      description = "Twilio's two webhooks, and three routes for operators."
      version     = "1.0"
    }
    schemes = ["https"]

    # Google's own way to write down a check of identity tokens; no such flow ever runs.
    securityDefinitions = {
      google_identity = {
        description        = "A Google identity token made out to this audience"
        type               = "oauth2"
        flow               = "implicit"
        authorizationUrl   = ""
        x-google-issuer    = "https://accounts.google.com"
        x-google-jwks_uri  = "https://www.googleapis.com/oauth2/v3/certs"
        x-google-audiences = local.identity_audiences["sms-relay-state"]
      }
    }

    paths = merge(local.openapi_routes, local.openapi_any_other)
  }

  openapi_routes = { for path, route in local.routes : path => {
    post = { for key, value in {
      operationId      = "post_${local.operations[path]}"
      summary          = route.summary
      consumes         = [route.needs_token ? "application/json" : "application/x-www-form-urlencoded"]
      produces         = [route.needs_token ? "application/json" : "text/xml"]
      x-google-backend = local.openapi_backends[path]
      security         = [{ google_identity = [] }]
      responses = {
        "200" = { description = "Done, or nothing left to do" }
        "204" = { description = "Recorded, or nothing left to do" }
        "400" = { description = "Malformed" }
        "401" = { description = "No identity token" }
        "403" = { description = "Not accepted" }
        "404" = { description = "No such relay or thread" }
        "409" = { description = "It may not be done; the answer says why" }
        "503" = { description = "Try again" }
      }
    } : key => value if key != "security" || route.needs_token }

    # A browser's preflight carries no token. The function answers it: CORS headers for configured origins, and for
    # none on the webhooks.
    options = {
      operationId      = "options_${local.operations[path]}"
      summary          = "Preflight: ${route.summary}"
      x-google-backend = local.openapi_backends[path]
      responses        = { "204" = { description = "The methods that are answered here" } }
    }
  } }

  # Every other path below /sms/: the exact ones above come first. OPTIONS is answered where no CORS headers are; a text
  # whose number has a wrong path at Twilio is refused by the same function, which tells why.
  openapi_any_other = {
    "/sms/{path=**}" = {
      options = {
        operationId      = "options_any_other"
        summary          = "Preflight of any other path"
        parameters       = [{ name = "path", in = "path", required = true, type = "string" }]
        x-google-backend = local.openapi_backends["/sms/inbound"]
        responses        = { "204" = { description = "The methods that are answered here" } }
      }
      post = {
        operationId      = "post_any_other"
        summary          = "A text at a path that is not ours"
        consumes         = ["application/x-www-form-urlencoded"]
        parameters       = [{ name = "path", in = "path", required = true, type = "string" }]
        x-google-backend = local.openapi_backends["/sms/inbound"]
        responses        = { "403" = { description = "Not accepted" } }
      }
    }
  }
}
