"""What keeps the budget of a game: Caddyfiles that fit what happens."""

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
FITTING = {"lost sessions": STICKY, "slow everywhere": A_PAGE}
"""By the scenario's name; for all others it is `PREPARED`."""
AFTERWARDS = {"lost sessions", "wrong health path"}
"""What a colleague deploys over the Caddyfile that was prepared: the answer comes after it."""
