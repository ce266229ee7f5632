"""The district: areas, units with this year's and last year's tasks, and the 24 nodes with a tablet at each door."""

from volunteer.accounts import service as accounts
from volunteer.accounts import sign_in
from volunteer.areas import service as areas
from volunteer.areas.schemas import AreaIn
from volunteer.demo.roles import ADMIN_NAME, ADMIN_PHONE, PASSWORD
from volunteer.demo.story import Story, rows_of
from volunteer.site import service as site
from volunteer.stations import profiles, scanners
from volunteer.stations.schemas import StationIn
from volunteer.units import service as units
from volunteer.units import targets
from volunteer.units.schemas import UnitIn

FIRST_DAY = -90
SITE = {"name": "云禾区志愿服务", "issuer": "云禾区志愿者协会(演示)", "organizer": "云禾区新时代文明实践中心"}


def begin(story: Story) -> None:
    """Note the first morning: the administrator, then everything that stands in the tables of places."""
    story.at(story.when(FIRST_DAY, "09:00"), lambda: _administrator(story))
    story.at(story.when(FIRST_DAY, "09:05"), lambda: site.change(story.staff["admin"], SITE, story.present))
    story.at(story.when(FIRST_DAY, "09:10"), lambda: _areas(story))
    story.at(story.when(FIRST_DAY, "09:20"), lambda: _units(story))
    story.at(story.when(FIRST_DAY, "09:40"), lambda: _stations(story))


def _administrator(story: Story) -> None:
    """Make the administrator, as the command line does, and sign them in."""
    accounts.create_first_admin(ADMIN_PHONE, ADMIN_NAME, PASSWORD, story.present)
    token = sign_in.login(ADMIN_PHONE, PASSWORD, None, story.present).token
    actor = sign_in.authenticate(token, story.present)
    if actor is None:
        raise LookupError("the administrator cannot sign in")
    story.staff["admin"] = actor


def _areas(story: Story) -> None:
    """Make the district, its streets and towns, and their communities."""
    for row in rows_of("areas"):
        parent, population = row.pop("parent"), row.pop("population")
        body = row | {"parent_id": _id(story, parent, "area"), "resident_population": population}
        story.ids[f"area {row['code']}"] = areas.add_area(story.staff["admin"], AreaIn().load(body), story.present).id


def _units(story: Story) -> None:
    """Make the units, each with its tasks."""
    admin, year = story.staff["admin"], story.today.year
    for row in rows_of("units"):
        body = {name: row[name] for name in ("code", "name", "kind")}
        body |= {"parent_id": _id(story, row["parent"], "unit"), "area_id": _id(story, row["area"], "area")}
        body["headcount"] = max(row["people"], row["task"]) * 3 + 4
        unit_id = units.add_unit(admin, UnitIn().load(body), story.present).id
        story.ids[f"unit {row['code']}"] = unit_id
        targets.set_target(admin, unit_id, year - 1, row["last_task"], story.present)
        targets.set_target(admin, unit_id, year, row["task"], story.present)


def _stations(story: Story) -> None:
    """Make centre, institutes and stations, and give each a tablet."""
    admin = story.staff["admin"]
    for row in rows_of("stations"):
        code, parent, area = row["code"], row.pop("parent"), row.pop("area")
        body = row | {"parent_id": _id(story, parent, "station"), "area_id": _id(story, area, "area"), "crs": "wgs84"}
        station_id = profiles.add_station(admin, StationIn().load(body), story.present).id
        story.ids[f"station {code}"] = station_id
        story.tokens[code] = scanners.add_device(admin, station_id, "门口平板", story.present).device_token


def _id(story: Story, code: str | None, kind: str) -> str | None:
    """Return the id of what was made under a code, as a body holds it."""
    return str(story.ids[f"{kind} {code}"]) if code else None
