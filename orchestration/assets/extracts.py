"""Extracts: one asset per platform dataset, from landing files to versions in the lake."""

from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path

import dagster as dg

from monitoring.extract_quality import broken_share
from orchestration.assets.extract_health import health
from orchestration.automation import NIGHTLY
from orchestration.checks import check_result
from orchestration.landing import SOURCES
from orchestration.landing.lake import LoadReport, load_range
from orchestration.partitions import daily
from orchestration.resources import Lake, Results
from orchestration.settings import Settings
from orchestration.verdicts import keep

_MOST_NAMED = 3  # files told of in one line


def extracts(settings: Settings) -> list[dg.AssetsDefinition]:
    """An asset `<platform>/<dataset>` for every dataset a platform declares.

    Partition D makes true that everything landed up to and including D is in the lake: a file
    that turns up late in an older folder comes in with the next night, known files are skipped.
    """
    return [
        _extract(settings, platform, dataset)
        for platform, datasets in SOURCES.items()
        for dataset in datasets
    ]


def _extract(settings: Settings, platform: str, dataset: str) -> dg.AssetsDefinition:
    key = dg.AssetKey([platform, dataset])
    source = SOURCES[platform][dataset]

    @dg.asset(
        key=key,
        description=f"{source.description[0].upper()}{source.description[1:]}.",
        group_name="extracts",
        kinds={"python", "parquet"},
        owners=["team:data"],
        partitions_def=daily(settings),
        backfill_policy=dg.BackfillPolicy.single_run(),
        automation_condition=NIGHTLY,
        check_specs=[
            dg.AssetCheckSpec(
                "quarantine",
                asset=key,
                description="Broken rows are kept aside with file, row, field and reason; "
                "unreadable and short files are named.",
            ),
            dg.AssetCheckSpec(
                "broken_share_below_limit",
                asset=key,
                blocking=True,
                description=f"More than {settings.quarantine_limit:.0%} broken rows, in all or on "
                "the newest day, or no readable file stop everything derived from them.",
            ),
            dg.AssetCheckSpec(
                "as_usual",
                asset=key,
                description="As many rows of each shop as on such a weekday and phase, columns as "
                "filled as before, landed on time. Red marks the plan and holds retrains.",
            ),
            dg.AssetCheckSpec(
                "amounts_in_unit",
                asset=key,
                blocking=True,
                description="A money column that jumps twentyfold changed its unit (yuan, fen) "
                "and stops everything derived from it.",
            ),
        ],
    )
    def extract(
        context: dg.AssetExecutionContext, lake: Lake, results: Results
    ) -> Iterator[dg.MaterializeResult]:
        end = date.fromisoformat(context.partition_key_range.end)
        load = partial(
            load_range,
            Path(lake.landing),
            Path(lake.folder),
            platform=platform,
            dataset=dataset,
            key=settings.key(),
            tenant=lake.tenant,
        )
        report = load(first=date.min, last=end)
        newest = load(first=end, last=end)  # all known by now: only counted
        for message in report.messages:
            context.log.warning(message)
        broken = broken_share(
            rows=report.rows_in,
            broken=report.rows_quarantined + report.rows_broken_before,
            newest_rows=newest.rows_in,
            newest_broken=newest.rows_broken_before,
            files=report.files,
            files_unreadable=report.files_unreadable,
            limit=settings.quarantine_limit,
        )
        usual = health(Path(lake.folder), Path(lake.landing), platform, dataset, end)
        # nothing at all of the day may have landed: then it is about the plan of the day before
        seen = min(end, lake.newest_landed_day())
        keep(results, seen, f"{platform}/{dataset}", [broken, *usual])
        yield dg.MaterializeResult(
            metadata=_metadata(report),
            check_results=[_quarantine(report), *map(check_result, [broken, *usual])],
        )

    return extract


def _metadata(report: LoadReport) -> dict[str, object]:
    return {
        "files": report.files,
        "dagster/row_count": report.rows_loaded,
        "rows_in": report.rows_in,
        "rows_loaded": report.rows_loaded,
        "rows_quarantined": report.rows_quarantined,
        "rows_already_known": report.rows_known,
        "total_rows_dropped": report.rows_total_dropped,
        "columns_ignored": ", ".join(report.columns_ignored) or "none",
    }


def _quarantine(report: LoadReport) -> dg.AssetCheckResult:
    rows = [f"{n} x {why}" for why, n in report.quarantine_reasons.items()]
    files = [*report.file_faults[:_MOST_NAMED]]
    if len(report.file_faults) > _MOST_NAMED:
        files.append(f"and {len(report.file_faults) - _MOST_NAMED} more files")
    reasons = "; ".join(rows + files)
    return dg.AssetCheckResult(
        check_name="quarantine",
        passed=report.rows_quarantined == 0
        and report.files_unreadable == 0
        and report.manifest_mismatches == 0,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{report.rows_quarantined} of {report.rows_in} rows went to quarantine, "
        f"{report.rows_broken_before} are there from earlier loads, {report.files_unreadable} "
        f"files could not be read, {report.manifest_mismatches} hold another number of records "
        f"than their manifest promises. {reasons}".strip(),
        metadata={
            "rows_quarantined": report.rows_quarantined,
            "rows_broken_before": report.rows_broken_before,
            "files_unreadable": report.files_unreadable,
            "manifest_mismatches": report.manifest_mismatches,
            "reasons": dg.MetadataValue.json(dict(report.quarantine_reasons)),
            "files": dg.MetadataValue.json(list(report.file_faults)),
        },
    )
