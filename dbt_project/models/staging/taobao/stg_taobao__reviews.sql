-- A trade is rated from both sides; only the buyer's word is about the goods.
{{ stage_reviews('taobao', "coalesce(role, 'buyer') = 'buyer'") }}
