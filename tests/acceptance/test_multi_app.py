"""The shop of several applications as a process: what each brings, what is overridden, what stays apart."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.acceptance.conftest import ROOT, Service

EXAMPLE = ROOT / "examples" / "multi-app"
LIST_PRICES = [("tea", 500), ("cup", 1200)]
SALE_PRICES = [("tea", 450), ("cup", 1080)]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Service]:
    """The example, not started, in a copy that may be changed."""
    copy = tmp_path / "my copy"
    shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    service = Service(tmp_path / "unused.db", copy)
    yield service
    service.kill()


def change(service: Service, file: str, old: str, new: str) -> None:
    path = service.example / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def prices_of(service: Service) -> list[tuple[str, int]]:
    return [(product["name"], product["price"]) for product in service.client.get("/products").json()]


def test_the_parts_are_one_application(shop):
    """BOOT-190, BOOT-191, BOOT-193, BOOT-196, BOOT-198, BOOT-199"""
    client = shop.start().client
    assert list(shop.addresses) == ["servers.RestServer"], "the parts bring no server of their own"
    artifacts = client.get("/").json()
    assert {key: module.split(".")[0] for key, module in artifacts.items() if not key.startswith("components.")} == {
        "controllers.ShopController": "shop",
        "controllers.ProductController": "catalogue",
        "controllers.OrderController": "orders",
        "datasources.catalogue": "catalogue",
        "datasources.orders": "orders",
        "life_cycle_observers.StockObserver": "catalogue",
        "models.Product": "catalogue",
        "models.Order": "orders",
        "repositories.ProductRepository": "catalogue",
        "repositories.OrderRepository": "orders",
        "services.CheckoutService": "orders",
        "services.PriceService": "sale",
    }
    assert set(client.get("/openapi.json").json()["paths"]) == {"/", "/products", "/orders"}
    assert shop.stop() == (0, "")
    assert shop.output[-1] == "shop has stopped.\n"


def test_the_override_is_what_everybody_sees(shop):
    """BOOT-195, BOOT-199"""
    client = shop.start().client
    assert prices_of(shop) == SALE_PRICES
    ordered = client.post("/orders", json={"product": 2, "pieces": 3})
    assert ordered.json() == {"id": 1, "product": 2, "pieces": 3, "total": 3 * 1080}
    assert client.get("/orders").json() == [ordered.json()]
    assert client.post("/orders", json={"product": 9, "pieces": 1}).status_code == 409
    assert client.post("/orders", json={"product": 1, "pieces": 0}).status_code == 422


def test_the_part_that_is_mounted_last_wins(shop):
    """BOOT-195, BOOT-050"""
    change(
        shop,
        "shop/application.py",
        "(CatalogueComponent, OrdersComponent, SaleComponent)",
        "(SaleComponent, OrdersComponent, CatalogueComponent)",
    )
    shop.start()
    assert prices_of(shop) == LIST_PRICES
    assert shop.client.get("/").json()["services.PriceService"] == "catalogue.services.price_service"


def test_what_the_main_application_locked_is_not_overridden(shop):
    """BOOT-195"""
    (shop.example / "shop" / "services" / "free_service.py").write_text(
        "class PriceService:\n    def price_of(self, product: object) -> int:\n        return 0\n"
    )
    change(
        shop,
        "shop/application.py",
        "            self.component(component)\n",
        "            self.component(component)\n"
        "        from .services.free_service import PriceService\n"
        "        self.service(PriceService).lock()\n",
    )
    # By key it is the locked one, by type still whatever provides that type: nothing does any more.
    change(shop, "catalogue/controllers/product_controller.py", "prices: PriceService", "prices: Locked")
    change(
        shop,
        "catalogue/controllers/product_controller.py",
        "from ..services.price_service import PriceService\n",
        "from typing import Annotated\n\nfrom mainspring import inject\n\n"
        "from ..services.price_service import PriceService\n\n"
        'Locked = Annotated[PriceService, inject("services.PriceService")]\n',
    )
    shop.start()
    assert prices_of(shop) == [("tea", 0), ("cup", 0)]
    assert shop.client.post("/orders", json={"product": 1, "pieces": 2}).json()["total"] == 0


def test_a_part_runs_alone_and_knows_nothing_of_the_others(shop):
    """BOOT-192"""
    shop.example = shop.example / "catalogue"
    client = shop.start().client
    assert prices_of(shop) == LIST_PRICES
    assert client.get("/orders").status_code == 404
    assert client.get("/").status_code == 404
    assert shop.stop() == (0, "")
    assert shop.output[-1] == "catalogue has stopped.\n"


def test_a_part_that_cannot_be_booted_is_named_and_nothing_listens(shop):
    """BOOT-110, BOOT-197"""
    change(shop, "orders/services/checkout_service.py", "async def total_of", "async dfe total_of")
    status, error = shop.fail()
    assert (status, error.count("\n")) == (1, 1)
    assert "checkout_service.py" in error
    assert "SyntaxError" in error
