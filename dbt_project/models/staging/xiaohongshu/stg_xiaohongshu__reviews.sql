{{ stage_reviews('xiaohongshu') }}
