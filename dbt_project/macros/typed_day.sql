{#- The date that a person typed, null if it is none. A month without a day is its middle. -#}
{% macro typed_day(text) -%}
    coalesce(
        cast(try_strptime(
            regexp_replace({{ text }}, '[ T]\d{1,2}:\d{2}(:\d{2})?(\.0+)?$', ''),
            ['%Y-%m-%d', '%Y/%m/%d', '%Y.%m.%d', '%Y%m%d', '%Y年%m月%d日']
        ) as date),
        case when {{ is_only_a_month(text) }} then cast(try_strptime(
            regexp_replace({{ text }}, '\D', '-', 'g') || if({{ text }} like '%月', '15', '-15'),
            ['%Y-%m-%d', '%Y%m-%d']
        ) as date) end
    )
{%- endmacro %}


{% macro is_only_a_month(text) -%}
    coalesce(regexp_full_match({{ text }}, '\d{4}([-/.年]\d{1,2}月?|(0[1-9]|1[0-2]))'), false)
{%- endmacro %}
