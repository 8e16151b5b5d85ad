{{ stage_reviews('douyin') }}
