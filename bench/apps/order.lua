-- What `bench/http.py` sends as W3.
wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
wrk.body = os.getenv("ORDER")
