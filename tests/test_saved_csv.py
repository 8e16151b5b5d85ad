"""Tables saved by spreadsheet programs: encodings, separators and blanks change no cell."""

import pandas as pd
import pytest

from ml.saved_csv import read_saved_csv

TEXT = "customer_id,contacted,reasons\nc_1,1,累计购买仅 1 次\nc_2,,退款偏多\n"
TABLE = pd.DataFrame(
    {
        "customer_id": ["c_1", "c_2"],
        "contacted": ["1", ""],
        "reasons": ["累计购买仅 1 次", "退款偏多"],
    }
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_table_is_the_same_however_it_was_saved(tmp_path, encoding, separator, end):
    path = tmp_path / "table.csv"
    path.write_bytes(TEXT.replace(",", separator).replace("\n", end).encode(encoding))
    pd.testing.assert_frame_equal(read_saved_csv(path), TABLE)


def test_blank_lines_are_left_out_and_the_others_keep_their_number(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(" a , b\n\n 1 ,x \n,\n\n  ,  \nNA,2\n", encoding="utf-8")
    table = read_saved_csv(path)
    assert table.to_dict("list") == {"a": ["1", "NA"], "b": ["x", "2"]}
    assert table.index.tolist() == [1, 5]


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"", "nothing is in it"),
        (b"a,b\n1,2\n1,2,3\n", "Expected 2 fields in line 3, saw 3$"),
        (b"a,b\n\xff\xff,1\n", "save it as 'CSV UTF-8'"),
    ],
)
def test_what_is_no_table_is_refused_with_its_name(tmp_path, raw, problem):
    (tmp_path / "table.csv").write_bytes(raw)
    with pytest.raises(ValueError, match=rf"table\.csv: .*{problem}"):
        read_saved_csv(tmp_path / "table.csv")
