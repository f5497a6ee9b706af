"""The smallest application: one function, served over HTTP."""

from mainspring import RestApplication

app = RestApplication({"name": "hello"})


@app.route("get", "/hello/{name}")
def hello(name: str) -> str:
    """Greet somebody."""
    return f"Hello, {name}!"


if __name__ == "__main__":
    app.run()
