-- What was paid for a line where the platform says it of the order only: shared by the lines' bases,
-- rounded half up to the cent; the last line that has a base takes what is left. Where no line has a
-- base, nothing was paid, or the last line has it all.
with lines as (
    select order_line_id, order_id, line_no, order_goods_amount, allocation_base
    from {{ lines_to_read() }} as lines
    where paid_amount is null and order_goods_amount is not null
),

rounded as (
    select
        *,
        coalesce(
            {{ rounded_part('order_goods_amount', 'coalesce(allocation_base, 0)', 'order_id') }}, 0
        ) as part,
        row_number() over (
            partition by order_id
            order by coalesce(allocation_base > 0, false) desc, line_no desc, order_line_id desc
        ) = 1 as is_last
    from lines
)

select
    order_line_id,
    order_id,
    order_goods_amount,
    cast(
        part + if(
            is_last, order_goods_amount - sum(part) over (partition by order_id), 0
        ) as decimal(18, 2)
    ) as paid_amount
from rounded
