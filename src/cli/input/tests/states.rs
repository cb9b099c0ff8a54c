use super::*;

/// A file of accounts: its name, its text, the rows left (id and name) and what is told of it.
type Case = (&'static str, &'static str, &'static str, &'static [&'static str], &'static str);

const STATES: &[Case] = &[
    (
        "withdrawn, as pandas writes it",
        "bank-rekening.csv",
        "id_sumber,tgl_data,nama,hapus\nA,2025-11-01,W,True\nB,2025-11-01,R,False\nC,2025-11-01,S,\n",
        &["B: R", "C: S"],
        "1 record withdrawn (hapus)",
    ),
    (
        "every spelling of the contract, and a header in capitals",
        "bank-rekening.csv",
        "id_sumber,tgl_data,nama, HAPUS \nA,2025-11-01,W,TRUE\nB,2025-11-01,R, 1 \nC,2025-11-01,S,true\nD,2025-11-01,T,0\n",
        &["D: T"],
        "3 records withdrawn (hapus)",
    ),
    (
        "a withdrawal behind its row",
        "bank-rekening.ndjson",
        "{\"id_sumber\":\"A\",\"tgl_data\":\"2025-11-01\",\"nama\":\"W\"}\n{\"id_sumber\":\"A\",\"tgl_data\":\"2025-11-05\",\"hapus\":true}\n{\"id_sumber\":\"B\",\"tgl_data\":\"2025-11-01\",\"nama\":\"R\"}\n",
        &["B: R"],
        "1 record withdrawn (hapus)",
    ),
    (
        "a withdrawal before its row, and newer",
        "bank-rekening.ndjson",
        "{\"hapus\":true,\"id_sumber\":\"A\",\"tgl_data\":\"2025-11-05\"}\n{\"id_sumber\":\"A\",\"tgl_data\":\"2025-11-01\",\"nama\":\"W\"}\n",
        &[],
        "1 record withdrawn (hapus)",
    ),
    (
        "sent again after a withdrawal",
        "bank-rekening.csv",
        "id_sumber,tgl_data,nama,hapus\nA,2025-11-01,V,\nA,2025-11-02,,true\nA,2025-11-03,W,\n",
        &["A: W"],
        "2 lines replaced by newer ones of their records",
    ),
    (
        "a withdrawal that is older than the row",
        "bank-rekening.csv",
        "id_sumber,tgl_data,nama,hapus\nA,2025-11-03,W,\nA,2025-11-02,,true\n",
        &["A: W"],
        "1 line replaced by a newer one of its record",
    ),
    (
        "of one day the later line counts",
        "bank-rekening.csv",
        "id_sumber,tgl_data,nama,hapus\nA,2025-11-01,V,\nA,2025-11-01,W,\nB,2025-11-01,R,true\nB,2025-11-01,S,\nC,2025-11-01,T,\nC,2025-11-01,,1\n",
        &["A: W", "B: S"],
        "1 record withdrawn (hapus); 2 lines replaced by newer ones of their records",
    ),
    (
        "the newer of two rows counts, wherever it stands",
        "bank-rekening.csv.gz",
        "id_sumber,tgl_data,nama\nA,2025-11-05,W\nB,2025-11-01,R\nA,2025-11-01,V\nB,2025-11-02 00:00:00,S\n",
        &["A: W", "B: S"],
        "2 lines replaced by newer ones of their records",
    ),
    (
        "a day that has not come holds nothing against one that has",
        "bank-rekening.csv",
        "id_sumber,tgl_data,nama,hapus\nA,2099-01-01,V,\nA,2025-11-02,W,\nB,2025-11-02,R,\nB,2099-01-01,,true\nC,2099-01-02,S,\nC,2099-01-01,T,\n",
        &["A: W", "B: R", "C: T"],
        "3 lines replaced by newer ones of their records",
    ),
    (
        "a table of several feeds",
        "list.csv",
        "feed,id_sumber,tgl_data,nama,hapus\nbank-rekening,A,2025-11-01,W,\ndisdik-peserta-didik,A,2025-11-01,R,true\nbank-penyaluran,P,2025-11-01,,\nbank-rekening,A,2025-11-02,V,\n",
        &["A: V"],
        "1 record withdrawn (hapus); 1 line replaced by a newer one of its record; 1 row of payments passed over",
    ),
    (
        "a table of several feeds as JSON",
        "list.ndjson",
        "{\"feed\":\"bank-rekening\",\"id_sumber\":\"A\",\"tgl_data\":\"2025-11-01\",\"nama\":\"W\"}\n{\"feed\":\"bank-penyaluran\",\"id_sumber\":\"A\",\"nama\":\"P\"}\n{\"feed\":\"disdik-peserta-didik\",\"id_sumber\":\"A\",\"tgl_data\":\"2025-11-01\",\"nama\":\"R\",\"hapus\":true}\n",
        &["A: W"],
        "1 record withdrawn (hapus); 1 row of payments passed over",
    ),
    (
        "withdrawals without a day go by lines",
        "bank-rekening.csv",
        "id_sumber,nama,hapus\nA,W,\nA,,true\nB,,true\nB,R,\n",
        &["B: R"],
        "1 record withdrawn (hapus); 1 line replaced by a newer one of its record",
    ),
    ("hapus means nothing in a list that is no feed", "list.csv", "id,nama,hapus\nA,W,ya\n", &["A: W"], ""),
];

#[test]
fn the_newest_state_of_a_record_counts() {
    let today = Some(Date::constant(2025, 11, 20));
    for (name, file, text, rows, told) in STATES {
        let options = InputOptions { today, ..any(&["nama", "tgl_data"]) };
        let table = read(&[(file, text)], &options).unwrap_or_else(|error| panic!("{name}: {error}"));
        let column = table.column_index("nama").map(|at| table.column(at));
        let key = |row: usize| table.id(row).rsplit('|').next().expect("a key").to_owned();
        let row = |row: usize| format!("{}: {}", key(row), column.and_then(|cells| cells.get(row)).unwrap_or_default());
        assert_eq!((0..table.len()).map(row).collect::<Vec<_>>(), *rows, "{name}");
        let notes = table.notes().join("");
        assert_eq!(notes.split_once(&format!("{file}: ")).map_or("", |(_, told)| told), *told, "{name}");
    }
}

#[test]
fn states_that_cannot_be_told_apart_are_refused() {
    for (name, file, text, wanted) in [
        ("yes", "bank-rekening.csv", "id_sumber,hapus\nA,\nB,ya\n", "3: `hapus` must be true or false"),
        ("one point nought", "bank-rekening.csv", "id_sumber,hapus\nA,1.0\n", "2: `hapus` must be true or false"),
        ("t", "bank-rekening.csv", "id_sumber,hapus\nA,t\n", "2: `hapus` must be true or false"),
        (
            "a day that cannot be read",
            "bank-rekening.csv",
            "id_sumber,tgl_data\nA,2025-11-01\nA,01/12/25\n",
            "3: `tgl_data` cannot be read, and it says which row of a record is the newest",
        ),
        (
            "a withdrawal of a day that cannot be read",
            "bank-rekening.csv",
            "id_sumber,tgl_data,hapus\nA,kemarin,1\n",
            "2: `tgl_data` cannot be read, and it says which row of a record is the newest",
        ),
        (
            "no days",
            "bank-rekening.csv",
            "id_sumber,nama\nA,V\nB,X\nA,W\n",
            "2 and bank-rekening.csv:4 have the same id",
        ),
        (
            "no day in one of them",
            "bank-rekening.ndjson",
            "{\"id_sumber\":\"A\",\"tgl_data\":\"2025-11-01\"}\n\n{\"id_sumber\":\"A\"}\n",
            "1 and bank-rekening.ndjson:3 have the same id",
        ),
        ("a withdrawal without an id", "bank-rekening.csv", "id_sumber,a,hapus\n,x,1\n", "2: the row has no id"),
    ] {
        let error = outcome(&[(file, text.as_bytes())], &any(&["nama", "tgl_data"])).err();
        assert_eq!(error, Some(format!("{file}:{wanted}")), "{name}");
    }
}

#[test]
fn lines_of_rows_are_known_when_others_are_gone() {
    let text = "id_sumber,tgl_data,nama,hapus\nA,2025-11-01,\"x\ny\",\nB,2025-11-01,R,1\n\nC,2025-11-01,S,\nA,2025-11-02,T,\nD,2025-11-01,U,\n";
    let table = read(&[("bank-rekening.csv", text)], &any(&["nama", "tgl_data"])).expect("good");
    let lines: Vec<u64> = (0..table.len()).map(|row| table.place(row).1).collect();
    assert_eq!(lines, [6, 7, 8]);
    assert_eq!((table.sources()[0].rows, table.sources()[0].withdrawn, table.sources()[0].replaced), (3, 1, 1));
}

#[test]
fn statements_are_not_states() {
    let files: &[(&str, &[u8])] = &[("t.csv", b"feed,id_sumber,hapus,tgl_data\nf,A,ya,x\nbank-penyaluran,B,true,x\n")];
    let statements = InputOptions { meaning: Meaning::Statements, ..any(&["hapus"]) };
    let rows = outcome(files, &statements).expect("good");
    assert_eq!(rows, ["f|A: hapus=ya", "bank-penyaluran|B: hapus=true"]);
    let twice: &[(&str, &[u8])] = &[("t.csv", b"id\n1\n1\n")];
    assert_eq!(outcome(twice, &statements), Err("t.csv:2 and t.csv:3 have the same id".to_owned()));
    let unnamed = InputOptions { id: IdWanted::None, ..any(&["a"]) };
    assert_eq!(outcome(&[("l.csv", b"a,b\nx,y\nx,y\n")], &unnamed), Ok(vec!["1: a=x".to_owned(), "2: a=x".to_owned()]));
}
