"""What a study may ask, and how nonsense is refused: by field, with what was written and what is known."""

from pathlib import Path

import pytest

from florin.lab.result import Interval
from florin.lab.study import OBSERVABLES, StudyInvalid, load_study, spec, study_of
from florin.lab.study.told import agrees, published_interval
from florin.presets import study_names

A_LOT = {
    "": {"name": "a-lot", "title_en": "A lot", "title_zh": "抽签", "design": "holdout", "measure": "lift"},
    "population": {"ecosystem": "ali", "people": 1000, "months": 3},
    "arm": {"change": "launch"},
    "observable": {"name": "sales"},
}


def written(changes):
    """The specification of a lot as TOML, with other values; None leaves a field or a table out."""
    tables = {table: dict(fields) for table, fields in A_LOT.items()}
    for path, value in changes.items():
        table, _, field = path.rpartition(".")
        if value is None and path in tables:
            del tables[path]
        elif value is None:
            del tables[table][field]
        else:
            tables.setdefault(table, {})[field] = value

    def shown(value):
        if isinstance(value, bool):
            return str(value).lower()
        return repr(value).replace("'", '"')

    return "\n".join(
        (f"[{table}]\n" if table else "") + "".join(f"{field} = {shown(value)}\n" for field, value in fields.items())
        for table, fields in tables.items()
    )


@pytest.mark.parametrize("name", study_names())
def test_every_preset_can_be_run_is_called_as_its_file_and_grades_its_fact(name):
    study = load_study(name)

    assert study.name == name
    if study.published is not None:
        assert study.published.source
        assert study.published.grade in "ABCUX"


def test_a_specification_says_what_it_leaves_out():
    study = study_of(written({}), source="a-lot.toml")

    assert (study.lender, study.days, study.draws, study.population.seed) == ("huabei", (0, 90), 0, 11)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"population.device": "mobile"}, r"\[population\] has no `device`; there are ecosystem, people, months"),
        ({"population.monhts": 3}, r"\[population\] has no `monhts`; write `months`"),
        ({"population.ecosystem": "alipay"}, "population.ecosystem is 'alipay'; write 'ali'"),
        ({"population.rivals": ["mpesa"]}, "population.rivals is 'mpesa'; there are ali, bank, jd, tencent"),
        ({"population.rivals": ["ali"]}, "population.rivals names 'ali', whose credit is the one that is studied"),
        ({"population.people": 10}, "population.people is 10; it lies between 100 and 1,000,000"),
        ({"population.months": 0}, "population.months is 0"),
        ({"population.people": "many"}, "`population.people`: Expected `int`, got `str`"),
        ({"population.score": [0.2, 1.4]}, r"population.score is \[0.2, 1.4\]; a score lies between 0 and 1"),
        ({"population.spending_minor": [500, 100]}, "write the least and the greatest fen a month"),
        ({"population.ecosystem": None}, "`population`: it misses the field `ecosystem`"),
        ({"arm.share_treated": 1.5}, "arm.share_treated is 1.5; it lies between 0 and 1"),
        ({"arm.change": "accept"}, "arm.market is for change = 'accept': .* there are taobao, tmall, jd"),
        ({"arm.change": "limit", "arm.factor": -2.0}, "arm.factor is -2; it lies above 1"),
        ({"arm": None}, r"\[arm\] is missing: a holdout needs it"),
        ({"arm.drawn_by": "merchant"}, "arm.drawn_by = 'merchant' is for a holdout with change = 'accept'"),
        ({"observable.name": "sale"}, "observable.name is 'sale'; write 'sales'"),
        ({"observable.market": "mall"}, "observable.market is 'mall'; write 'tmall'"),
        ({"observable.to_day": 91}, "observable.to_day is 91; 3 months have 90 days"),
        ({"observable.from_day": 90}, "a window begins before it ends"),
        ({"observable.name": "debt", "observable.to_day": 30}, "'debt' is read when the simulation ends"),
        ({"observable.name": "likelihood"}, "observable.market is missing: 'likelihood' is of one market"),
        ({"observable.name": "merchant_profit"}, "measure is 'lift', and 'merchant_profit' may be below zero"),
        ({"observable.per": "limit"}, "observable.per and measure = 'slope' belong together"),
        ({"measure": "elasticity"}, "measure is 'elasticity'; of a holdout there are lift, difference, slope"),
        ({"design": "guess"}, "`design`: Invalid enum value 'guess'"),
        ({"cut.at": 0.5}, r"\[cut\] is given, and a holdout has none"),
        ({"design": "discontinuity", "cut.at": 5.0}, r"\[cut\] has 5; a score lies between 0 and 1"),
        (
            {"published.value": "0.2", "published.source": "K1", "published.grade": "A"},
            'a share, with its unit, as in "20 %"',
        ),
        ({"published.value": "20", "published.source": "K1", "published.grade": "Z"}, "Invalid enum value 'Z'"),
        ({"published.source": "K1", "published.grade": "A"}, "has no value, low or high"),
        (
            {"published.low": "9 %", "published.high": "5 %", "published.source": "K1", "published.grade": "A"},
            "low, value and high do not rise",
        ),
        ({"drivers": ["patience"]}, "`drivers` names 'patience'"),
        ({"parameters.patience": 0.5}, r"\[parameters\] names 'patience'"),
        ({"parameters.card_share": "30 %"}, r"`parameters\.card_share` is '30 %'; write a plain number"),
        ({"name": "A lot"}, "use small letters, digits and hyphens"),
    ],
)
def test_nonsense_is_refused_by_name(changes, said):
    with pytest.raises(StudyInvalid, match=said):
        study_of(written(changes), source="a-lot.toml")


@pytest.mark.parametrize(
    ("observable", "said"),
    [
        (
            {"observable.from_day": 30},
            "from_day is 30 and to_day 90: a matching compares the window with as many days before",
        ),
        (
            {"observable.name": "debt", "observable.from_day": 45},
            "'debt', read when the simulation ends: a matching needs it",
        ),
        ({"observable.name": "basket", "observable.from_day": 45}, "'basket': a matching needs one number a person"),
    ],
)
def test_a_matching_needs_a_before_that_is_like_its_after(observable, said):
    with pytest.raises(StudyInvalid, match=said):
        study_of(
            written({"design": "matching", "matching.covariates": ["before"], **observable}),
            source="a-lot.toml",
        )


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(StudyInvalid) as refused:
        study_of(written({"population.people": 1, "observable.name": "sale", "measure": "level"}), source="a-lot.toml")

    assert len(refused.value.problems) == 3
    assert all(problem.startswith("a-lot.toml: ") for problem in refused.value.problems)


def test_a_file_that_is_none_is_refused_with_the_studies_there_are():
    with pytest.raises(
        StudyInvalid, match="no study of this name and no file that can be read; there are k1-by-merchant"
    ):
        load_study("k1-sale-lift")
    with pytest.raises(StudyInvalid, match="this is no TOML"):
        study_of("design = ", source="a-lot.toml")


def test_a_published_figure_lies_inside_or_not():
    def published(**figure):
        fields = {f"published.{field}": value for field, value in figure.items()}
        return published_interval(
            study_of(written({**fields, "published.source": "K1", "published.grade": "A"}), source="a-lot.toml")
        )

    found = Interval(100_000, 200_000, 300_000)

    assert published(value="20 %") == Interval.sure(200_000)
    assert agrees(found, published(value="30 %"))
    assert not agrees(found, published(value="30.1 %"))
    assert agrees(found, published(low="25 %", high="85 %"))
    assert not agrees(found, published(low="40 %", high="85 %"))


def test_the_reference_names_every_field_and_every_observable():
    reference = (Path(__file__).parents[2] / "docs" / "reference" / "lab-studies.md").read_text(encoding="utf-8")
    parts = (spec.Study, spec.Population, spec.Arm, spec.Cut, spec.Matching, spec.Watched, spec.Published)
    fields = {field for part in parts for field in part.__struct_fields__}

    missing = [name for name in (*fields, *OBSERVABLES, *spec.MEASURES) if name not in reference]
    assert missing == []


def test_the_example_of_the_reference_can_be_run():
    reference = (Path(__file__).parents[2] / "docs" / "reference" / "lab-studies.md").read_text(encoding="utf-8")

    study = study_of(reference.split("```toml\n")[1].split("```")[0], source="the reference")

    assert study.published.value == "20 %"
