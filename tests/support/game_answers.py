"""Caddyfiles that suit what happens in a game, and so keep its budget."""

LOOK_AROUND = """
		lb_retries 2
		fail_duration 20s
		unhealthy_status 5xx
		health_uri /
		health_interval 1s
		health_timeout 900ms
		transport http {
			dial_timeout 300ms
			response_header_timeout 700ms
		}
"""
PREPARED = f"""
:80 {{
	@accounts path /login /me
	reverse_proxy @accounts backend1:8080 backend2:8080 {{
		lb_policy first
		{LOOK_AROUND}
	}}
	reverse_proxy backend1:8080 backend2:8080 backend3:8080 {{
		lb_policy round_robin
		{LOOK_AROUND}
	}}
}}
"""
STICKY = f"""
:80 {{
	reverse_proxy backend1:8080 backend2:8080 backend3:8080 {{
		lb_policy cookie
		{LOOK_AROUND}
	}}
}}
"""
SPARE = """
:80 {
	@accounts path /login /me
	reverse_proxy @accounts backend3:8080
	reverse_proxy backend2:8080 backend3:8080 {
		lb_policy round_robin
	}
}
"""
A_PAGE = """
:80 {
	handle /delay/* {
		respond "The search takes a break. Everything else works." 503
	}
	handle {
		@accounts path /login /me
		reverse_proxy @accounts backend1:8080
		reverse_proxy backend1:8080 backend2:8080
	}
}
"""
NAMED = """
	reverse_proxy {
		dynamic a app 8080 {
			refresh 1s
		}
		lb_policy round_robin
		OPTIONS
	}
}
"""
ACCOUNTS = """
:80 {
	@accounts path /login /me
	reverse_proxy @accounts https://backend1:8443
"""
READY = f"""{ACCOUNTS}
	reverse_proxy backend2:8080 backend3:8080 {{
		lb_policy round_robin
		lb_try_duration 5s
		lb_try_interval 50ms
		health_uri /ready
		health_interval 200ms
	}}
}}
"""
TURNED_AWAY = f"""{ACCOUNTS}
	respond /feed "Later, please." 503
{NAMED.replace("OPTIONS", "lb_retries 1")}
"""
ASKING = ACCOUNTS + NAMED.replace("OPTIONS", "lb_retries 2\n\t\tfail_duration 5s")
ELSEWHERE = f"""
:80 {{
	@accounts path /login /me
	reverse_proxy @accounts backend2:8080 backend3:8080 {{
		lb_policy cookie
	}}
{NAMED.replace("OPTIONS", "")}
"""
FITTING = {
    "endless deploy": READY,
    "retry storm": TURNED_AWAY,
    "moving names": ASKING,
    "strange certificate": ELSEWHERE,
    "lost sessions": STICKY,
    "slow everywhere": A_PAGE,
}
"""The answer to each scenario, by name; for all others it is `PREPARED`."""
AFTERWARDS = {"lost sessions", "wrong health path"}
"""Here a colleague deploys over the prepared Caddyfile, so the answer comes afterwards."""
