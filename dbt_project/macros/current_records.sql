{#-
    The current version of every record of a dataset, as known at as_of: all columns of the lake and
    load_no. Of all versions the one the source changed last, of equal ones the one that tells most,
    ties by content; of equal copies the one that landed first. So the order in which files came in
    decides nothing.

    `record_id` is SQL over the lake's columns, unique per record; `stored_as` is the column of the
    calling model that holds it. An incremental run reads what was loaded since the last build and
    returns the records of it that beat what the table holds; the model must keep load_no,
    source_version, row_hash, landed_on and source_file. Where several records make one row, as a list
    and its details do, `together` is SQL for what they share, instead of `stored_as`: then all records
    of a row are returned that has a new one.
-#}
{% macro current_records(platform, dataset, record_id, stored_as=none, together=none) -%}
    {%- set lake = source(platform, dataset) -%}
    {%- set visible = 'landed_on <= ' ~ as_of() -%}
    {%- set is_update = execute and not is_full_build() and is_incremental() -%}
    {%- if is_update and together is none -%}
        {%- set visible = visible ~ ' and ' ~ is_new(platform, dataset) -%}
    {%- elif is_update -%}
        {%- set visible -%}
            {{ visible }}
            and {{ together }} in (
                select {{ together }}
                from {{ lake }}
                where {{ visible }} and {{ is_new(platform, dataset) }}
            )
        {%- endset -%}
    {%- endif -%}
    {%- set beats_held = is_update and together is none -%}
    with fresh as (
        select {{ record_id }} as record_id, {{ newest_copy() }} as newest
        from {{ lake }}
        where {{ visible }}
        group by all
    )
    {%- if beats_held %},

    held as (
        select {{ stored_as }} as record_id, {{ newest_copy() }} as newest
        from {{ this }}
        where {{ stored_as }} in (select record_id from fresh)
        group by all
    )
    {%- endif %},

    winners as (
        select
            hash(
                fresh.record_id, fresh.newest.source_version, fresh.newest.row_hash,
                fresh.newest.source_file, -fresh.newest.loads_before
            ) as copy,
            date '2200-01-01' - fresh.newest.days_before as landed_on
        from fresh
        {%- if beats_held %}
        left join held
            on held.record_id = fresh.record_id
        where held.record_id is null or fresh.newest > held.newest
        {%- endif %}
    )

    select lake.*
    from {{ lake }} as lake
    semi join winners
        on winners.landed_on = lake.landed_on
        and winners.copy = hash(
            {{ record_id }}, lake.source_version, lake.row_hash, lake.source_file, lake.load_no
        )
    where {{ visible }}
{%- endmacro %}


{#-
    The current lines of a platform's orders: all columns of the lake and load_no. A row with a
    `version`, a column of the lake, comes from an API, which tells an order whole. One without comes
    from an export, which tells lines, however they are cut over files and days: of each line, by the
    first of `names` that it has, SQL over the lake's columns, the newest counts. Of the two the one
    that told last tells the order; lines of several files are numbered on, day by day and by content:
    a file's name says nothing. Rows that `condition` is not true of are left out.

    An export has fewer columns than an API. So where it told last, what it does not say of a line is
    as the API told it before, and lines that it does not have stay. A line of the one is that of the
    other by the first name that both have; lines of equal names go by `among_equals`, and where lines
    have no ids of their own, two only lines with no name in common are one. If a line of an export is
    found to be none of the API's, the export alone tells the order. Such lines have no version.

    An incremental run reads of the orders in new exports, and of those that exports told so far,
    everything again. The model must keep what current_records asks for, order_id, and the version as
    source_modified_at.
-#}
{% macro current_orders(platform, version, names, condition='true', among_equals='-qty, line_no') -%}
    {%- set lake = source(platform, 'orders') -%}
    {%- set an_order = "concat_ws(':', platform, shop_id, order_id)" -%}
    {%- set line = 'coalesce(' ~ names | join(', ') ~ ')' -%}
    {%- set part = 'case when ' ~ version ~ ' is null then ' ~ line ~ ' end' -%}
    {%- set visible = 'landed_on <= ' ~ as_of() ~ ' and ' ~ condition -%}
    {%- set is_update = execute and not is_full_build() and is_incremental() -%}
    {%- set unseen = visible ~ ' and ' ~ is_new(platform, 'orders') -%}
    {%- set columns -%}
        {{ an_order }} as order_id, {{ version }} is null as is_export, {{ part }} as part,
        source_version, row_hash, landed_on, source_file, load_no
    {%- endset -%}
    {%- set won -%}
        on winners.landed_on = lake.landed_on
        and winners.copy = hash(
            {{ an_order }}, {{ part }}, lake.source_version, lake.row_hash, lake.source_file,
            lake.load_no
        )
        where {{ visible | replace('landed_on', 'lake.landed_on') }}
    {%- endset -%}
    with
    {%- if is_update %}
    read_again as (
        select {{ an_order }} as order_id
        from {{ lake }}
        where {{ unseen }} and {{ version }} is null
        union
        select order_id
        from {{ this }}
        where source_modified_at is null
            and order_id in (select {{ an_order }} from {{ lake }} where {{ unseen }})
    ),
    {%- endif %}

    fresh as (
        select order_id, is_export, part, {{ newest_copy() }} as newest
        from (
            select {{ columns }} from {{ lake }} where {{ unseen }}
            {%- if is_update %}
            union all
            select {{ columns }}
            from {{ lake }}
            where {{ visible }} and not ({{ is_new(platform, 'orders') }})
                and {{ an_order }} in (select order_id from read_again)
            {%- endif %}
        )
        group by all
    ),

    exported as (
        select
            order_id,
            max(newest.source_version) as told_at,
            list_sort(list(distinct {
                'days': -newest.days_before, 'row_hash': newest.row_hash
            })) as records
        from fresh
        where is_export
        group by order_id
    ),

    told_by_both as (
        select fresh.order_id, fresh.newest.source_version < exported.told_at as is_outdated
        from fresh
        inner join exported using (order_id)
        where not fresh.is_export
    ),
    {%- if is_update %}

    held as (
        select order_id, {{ newest_copy() }} as newest
        from {{ this }}
        where order_id in (select order_id from fresh)
            and order_id not in (select order_id from read_again)
        group by order_id
    ),
    {%- endif %}

    winners as materialized (
        select
            fresh.order_id as full_id,
            fresh.is_export,
            coalesce(told_by_both.is_outdated, false) as is_filled,
            hash(
                fresh.order_id, fresh.part, fresh.newest.source_version, fresh.newest.row_hash,
                fresh.newest.source_file, -fresh.newest.loads_before
            ) as copy,
            date '2200-01-01' - fresh.newest.days_before as landed_on,
            case
                when fresh.is_export then 10000 * (list_position(exported.records, {
                    'days': -fresh.newest.days_before, 'row_hash': fresh.newest.row_hash
                }) - 1)
                else 0
            end as lines_before
        from fresh
        left join exported
            on exported.order_id = fresh.order_id
        left join told_by_both
            on told_by_both.order_id = fresh.order_id
        {%- if is_update %}
        left join held
            on held.order_id = fresh.order_id
        {%- endif %}
        where (not fresh.is_export or coalesce(told_by_both.is_outdated, true))
        {%- if is_update %}
        and (held.order_id is null or fresh.newest > held.newest)
        {%- endif %}
    ),

    told_twice as materialized (
        select
            lake.* replace (lake.line_no + winners.lines_before as line_no),
            winners.full_id,
            winners.is_export
        from {{ lake }} as lake
        inner join (select * from winners where is_filled) as winners
        {{ won }}
    ),

    named as (
        {% for name in names -%}
        select
            full_id, is_export, line_no, {{ names | join(', ') }},
            {{ loop.index }} as nth_name,
            cast({{ name }} as varchar) as name,
            row_number() over (
                partition by full_id, is_export, {{ name }} order by {{ among_equals }}
            ) as occurrence_no
        from told_twice
        where {{ name }} is not null
        {% if not loop.last or names | length > 1 -%}
        union all
        {% endif -%}
        {% endfor -%}
        {% if names | length > 1 -%}
        select
            full_id, is_export, line_no, {{ names | join(', ') }},
            {{ names | length + 1 }} as nth_name, 'the only line' as name, 1 as occurrence_no
        from told_twice
        qualify count(*) over (partition by full_id, is_export) = 1
        {%- endif %}
    ),

    pairs as (
        select exports.full_id, exports.line_no, answers.line_no as answer_line_no
        from named as exports
        inner join named as answers using (full_id, nth_name, name, occurrence_no)
        where exports.is_export and not answers.is_export
            {%- for name in names %}
            and (
                nth_name <= {{ loop.index }}
                or exports.{{ name }} is null or answers.{{ name }} is null
            )
            {%- endfor %}
        qualify nth_name = min(nth_name) over (partition by full_id, exports.line_no)
            and row_number() over (
                partition by full_id, answers.line_no order by nth_name, exports.line_no
            ) = 1
    ),

    placed as (
        select
            told_twice.*,
            coalesce(answer_line_no, told_twice.line_no + if(told_twice.is_export, 1000000, 0)) as place,
            bool_or(told_twice.is_export and answer_line_no is null)
                over (partition by told_twice.full_id) as tells_alone
        from told_twice
        left join pairs
            on told_twice.is_export
            and pairs.full_id = told_twice.full_id
            and pairs.line_no = told_twice.line_no
    ),

    filled as (
        select
            full_id,
            place,
            last_value(
                columns(
                    * exclude (full_id, place, tells_alone, is_export, line_no, load_no, {{ version }})
                )
                ignore nulls
            ) over a_line,
            max(load_no) over (partition by full_id) as load_no
        from placed
        window a_line as (partition by full_id, place order by is_export)
        qualify row_number() over (partition by full_id, place order by is_export desc) = 1
            and not (tells_alone and not is_export)
    )

    select lake.* replace (lake.line_no + winners.lines_before as line_no)
    from {{ lake }} as lake
    inner join (select * from winners where not is_filled) as winners
    {{ won }}
    union all by name
    select
        * exclude (full_id, place),
        row_number() over (partition by full_id order by place) as line_no
    from filled
{%- endmacro %}


{#- The same for a dataset that is small enough to be read whole each time: `key_columns` are SQL over
    the lake's columns that identify a record. -#}
{% macro current_rows(platform, dataset, key_columns) -%}
    {%- set lake = source(platform, dataset) -%}
    {%- set key = 'hash(' ~ key_columns | join(', ') ~ ')' -%}
    select lake.*
    from {{ lake }} as lake
    semi join (
        select
            hash(
                record, newest.source_version, newest.row_hash, newest.source_file,
                -newest.loads_before
            ) as copy,
            date '2200-01-01' - newest.days_before as landed_on
        from (
            select {{ key }} as record, {{ newest_copy() }} as newest
            from {{ lake }}
            where landed_on <= {{ as_of() }}
            group by all
        )
    ) as winners
        on winners.landed_on = lake.landed_on
        and winners.copy = hash(
            {{ key }}, lake.source_version, lake.row_hash, lake.source_file, lake.load_no
        )
{%- endmacro %}


{#- Which of several copies of a record counts, as a value that can be compared: the greatest.
    A row_hash begins with how much its record tells. Days and loads are counted backwards, for of
    equal copies the first to land counts. -#}
{% macro newest_copy() -%}
    max({
        'source_version': source_version,
        'row_hash': row_hash,
        'days_before': cast(date '2200-01-01' - landed_on as integer),
        'source_file': source_file,
        'loads_before': -load_no
    })
{%- endmacro %}
