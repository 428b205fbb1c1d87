"""Fills a new Tryton database with what the tests work with: a company, a crew that costs 60 an hour, an operation,
a product for what is repaired, a warehouse, and application keys.

usage: seed.py FOLDER    (with FOLDER/trytond.conf and FOLDER/erp.sqlite; writes FOLDER/seed.json)
"""

import json
import sys
from decimal import Decimal

from proteus import Model, config
from trytond.modules.company.tests.tools import create_company, get_company

folder = sys.argv[1]
tryton = config.set_trytond("erp", config_file=folder + "/trytond.conf")

create_company()
company = get_company()
User = Model.get("res.user")
admin = User.find([("login", "=", "admin")])[0]
admin.companies.append(company)
admin.company = company
admin.save()
tryton._context = User.get_preferences(True, {})


def made(model, **values):
    record = Model.get(model)(**values)
    record.save()
    return record


unit = Model.get("product.uom").find([("name", "=", "Unit")])[0]
template = made(
    "product.template", name="Pump repair", default_uom=unit, type="goods", producible=True, list_price=Decimal(0))
product = template.products[0]
product.cost_price = Decimal(0)
product.save()

crews = made("production.work.center.category", name="Maintenance crew")
crew = made("production.work.center", name="Crew A", category=crews, cost_price=Decimal(60), cost_method="hour")
operation = made("production.routing.operation", name="Repair", work_center_category=crews)


key = made("res.user.application", user=admin, application="rest")
second = made("res.user.application", user=admin, application="rest")
with open(folder + "/seed.json", "w") as file:
    json.dump(
        {
            "company": company.id,
            "currency": company.currency.code,
            "product": product.id,
            "unit": unit.id,
            "crew": crew.id,
            "operation": operation.id,
            "key": key.key,
            "keyNumber": key.id,
            "secondKey": second.key,
        }, file, indent=1)
