# The gateway's document, in the only form it takes: OpenAPI 2.0.

locals {
  # Route → function. Twilio's signature secures the first two; an identity token or a session's cookie the others. The
  # functions check both: a gateway that asks for a token turns away every operator who signed in.
  routes = {
    "/sms/inbound"         = { function = "sms-inbound", summary = "A customer's text", is_operators = false }
    "/sms/delivery-status" = { function = "sms-delivery-status", summary = "What became of a text we sent", is_operators = false }
    "/sms/relay-state"     = { function = "sms-relay-state", summary = "What happened to a relay, or a search", is_operators = true }
    "/sms/redrive"         = { function = "sms-redrive", summary = "Start an exhausted relay again", is_operators = true }
    "/sms/threads"         = { function = "sms-redrive", summary = "Act on a customer's thread", is_operators = true }
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
      description = "Twilio's two webhooks, the operators' console and what it asks, and the photos that customers sent."
      version     = "1.0"
    }
    schemes = ["https"]

    paths = merge(local.openapi_routes, local.openapi_watched, local.openapi_any_other, local.openapi_console, local.openapi_media)
  }

  openapi_routes = { for path, route in local.routes : path => {
    post = {
      operationId      = "post_${local.operations[path]}"
      summary          = route.summary
      consumes         = [route.is_operators ? "application/json" : "application/x-www-form-urlencoded"]
      produces         = [route.is_operators ? "application/json" : "text/xml"]
      x-google-backend = local.openapi_backends[path]
      responses = {
        "200" = { description = "Done, or nothing left to do" }
        "204" = { description = "Recorded, or nothing left to do" }
        "400" = { description = "Malformed" }
        "401" = { description = "Not signed in" }
        "403" = { description = "Not accepted" }
        "404" = { description = "No such relay or thread" }
        "409" = { description = "It may not be done; the answer says why" }
        "503" = { description = "Try again" }
      }
    }

    # A browser's preflight carries no token. The function answers it: CORS headers for configured origins, and for
    # none on the webhooks.
    options = {
      operationId      = "options_${local.operations[path]}"
      summary          = "Preflight: ${route.summary}"
      x-google-backend = local.openapi_backends[path]
      responses        = { "204" = { description = "The methods that are answered here" } }
    }
  } }

  # What is no webhook, but shows whether one would be answered, and by whom (watchmen.tf).
  openapi_watched = { "/sms/inbound" = merge(local.openapi_routes["/sms/inbound"], {
    get = {
      operationId      = "get_${local.operations["/sms/inbound"]}"
      summary          = "Is the address answered?"
      produces         = ["application/json"]
      x-google-backend = local.openapi_backends["/sms/inbound"]
      responses        = { "405" = { description = "Yes, and only POST is" } }
    }
  }) }

  # The page, and what signs in on it. A path that ends with a slash is refused in such a document; the second one answers
  # it: ** is nothing, too.
  console_backend = {
    address          = local.function_urls["console"]
    jwt_audience     = local.function_urls["console"]
    path_translation = "APPEND_PATH_TO_ADDRESS"
    deadline         = local.shapes[local.functions["console"].shape].timeout_seconds
  }
  console_pages = {
    "/console"           = { name = "page", summary = "The console's page", parameters = [] }
    "/console/{file=**}" = { name = "file", summary = "A file of the console", parameters = ["file"] }
  }
  console_acts = {
    "/console/sign-in"      = "Ask for a code"
    "/console/sign-in/code" = "Sign in by the code"
    "/console/sign-in/link" = "Sign in by a link"
    "/console/session"      = "Who is signed in"
    "/console/sign-out"     = "Sign out"
    "/console/links"        = "Make a link that signs in"
    "/console/links/list"   = "The links that are good"
    "/console/links/revoke" = "Take a link back"
  }
  openapi_console = merge(
    { for path, page in local.console_pages : path => {
      for method in ["get", "head"] : method => {
        operationId      = "${method}_console_${page.name}"
        summary          = page.summary
        produces         = ["text/html", "text/css", "text/javascript", "image/svg+xml", "application/json"]
        parameters       = [for name in page.parameters : { name = name, in = "path", required = true, type = "string" }]
        x-google-backend = local.console_backend
        responses = {
          "200" = { description = "The file" }
          "304" = { description = "It has not changed" }
          "308" = { description = "The page is at the folder's address" }
          "404" = { description = "No such file" }
        }
      }
    } },
    { for path, summary in local.console_acts : path => {
      post = {
        operationId      = "post_${replace(replace(trimprefix(path, "/"), "/", "_"), "-", "_")}"
        summary          = summary
        consumes         = ["application/json"]
        produces         = ["application/json"]
        x-google-backend = local.console_backend
        responses = {
          "200" = { description = "Done" }
          "400" = { description = "Malformed" }
          "401" = { description = "Not signed in" }
          "403" = { description = "Not accepted" }
          "429" = { description = "Not now; the answer says when" }
          "503" = { description = "Try again" }
        }
      }
    } },
  )

  # What a handler's phone opens from a text: a page, and each file of it. The token is the secret; the function checks it.
  media_backend = {
    address          = local.function_urls["media"]
    jwt_audience     = local.function_urls["media"]
    path_translation = "APPEND_PATH_TO_ADDRESS"
    deadline         = local.shapes[local.functions["media"].shape].timeout_seconds
  }
  media_paths = {
    page = { variables = ["token"], produces = ["text/html"] }
    file = { variables = ["token", "number"], produces = ["image/*", "video/*", "audio/*", "application/octet-stream"] }
  }
  openapi_media = { for what, path in local.media_paths : "/m/${join("/", [for name in path.variables : "{${name}}"])}" => {
    for method in ["get", "head"] : method => {
      operationId      = "${method}_media_${what}"
      summary          = "Photos: the ${what}"
      produces         = path.produces
      parameters       = [for name in path.variables : { name = name, in = "path", required = true, type = "string" }]
      x-google-backend = local.media_backend
      responses = {
        "200" = { description = "The ${what}" }
        "206" = { description = "The part of it that was asked for" }
        "404" = { description = "The link is over" }
        "503" = { description = "Try again" }
      }
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
