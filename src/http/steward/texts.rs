//! The words of the pages in two languages, one line each; a word cannot be missing in one of them.

macro_rules! texts {
    ($($name:ident = $id:literal, $en:literal;)+) => {
        /// The words of one language.
        #[derive(Debug)]
        pub(super) struct Texts {
            $(pub(super) $name: &'static str,)+
        }

        /// Bahasa Indonesia.
        pub(super) static INDONESIAN: Texts = Texts { $($name: $id,)+ };
        /// English.
        pub(super) static ENGLISH: Texts = Texts { $($name: $en,)+ };
    };
}

texts! {
    tagline = "Pemadanan data bantuan sosial", "Matching of social-assistance data";
    skip = "Langsung ke isi", "Skip to content";
    menu = "Menu utama", "Main menu";
    language = "Bahasa", "Language";
    sign_in = "Masuk", "Sign in";
    sign_out = "Keluar", "Sign out";
    masked_note = "NIK, No. KK, nomor rekening, dan nama ibu ditampilkan tersamar.", "NIK, KK, account numbers and mothers' names are shown masked.";
    unknown = "tidak diketahui", "not known";
    none = "Tidak ada", "None";
    filter = "Terapkan", "Apply";
    all = "Semua", "All";
    next_page = "Berikutnya", "Next";
    first_page = "Kembali ke awal", "Back to the start";
    previous_page = "Sebelumnya", "Previous";

    code = "Kode akses", "Access code";
    code_hint = "Kode akses diberikan oleh pengelola gerbang dan tidak disimpan di peramban.", "The operator of the gateway gives you the code; the browser does not keep it.";
    code_wrong = "Kode akses tidak dikenal. Periksa kembali, lalu coba lagi.", "The access code is not known. Check it and try again.";
    code_wait = "Terlalu banyak percobaan. Tunggu satu menit, lalu coba lagi.", "Too many attempts. Wait a minute, then try again.";
    welcome = "Masuk ke Padan", "Sign in to Padan";
    welcome_text = "Siapa orang yang sama di beberapa instansi, siapa yang dibayar dua kali, dan siapa yang terlewat.", "Who is the same person across agencies, who is paid twice, and who is left out.";

    send_data = "Kirim data", "Send data";
    send_lead = "Kirim daftar apa adanya: Excel, CSV, atau ZIP. Sebelum dikirim Anda melihat bagaimana Padan memahaminya.", "Send the list as you have it: Excel, CSV or ZIP. Before it is sent you see what Padan makes of it.";
    which_list = "Daftar apa ini?", "Which list is it?";
    choose_feed = "Pilih dahulu daftar apa yang dikirim.", "Say first which list it is.";
    file = "Berkas", "File";
    file_hint = "XLSX, CSV, NDJSON, ZIP, atau GZ, paling besar", "XLSX, CSV, NDJSON, ZIP or GZ, at most";
    look_at_file = "Periksa berkas", "Look at the file";
    templates = "Templat", "Templates";
    templates_text = "Belum punya daftar? Unduh templat dengan judul kolom, pilihan isian, dan kolom NIK berformat Teks.", "No list yet? Take a workbook with headings, choices, and the NIK column formatted as Text.";
    own_batches = "Kiriman terakhir instansi Anda", "Latest batches of your agency";
    open_receipt = "Lihat tanda terima", "See the receipt";
    receipt = "Tanda terima", "Receipt";
    check_list = "Periksa daftar", "Look at the list";
    ready_to_send = "Siap dikirim", "Ready to send";
    not_ready = "Belum siap", "Not ready yet";
    send = "Kirim", "Send";
    try_without_sending = "Uji tanpa mengirim", "Try without sending";
    update_preview = "Perbarui pratinjau", "Update the preview";
    cancel = "Batal", "Cancel";
    tried = "Hasil uji (belum dikirim)", "Tried (nothing was sent)";
    which_table = "Lembar", "Sheet";
    json_rows = "Setiap baris berkas ini sudah menyebut nama kolomnya; tidak ada yang perlu dicocokkan.", "Each row of this file names its fields; nothing has to be matched.";
    columns = "Kolom", "Columns";
    column_in_file = "Judul di berkas", "Heading in the file";
    samples = "Contoh isi", "Samples";
    is_field = "Berisi", "Holds";
    choose = "– pilih –", "– choose –";
    values_to_look_at = "Isi yang perlu dilihat", "Values that need a look";
    in_file = "Di berkas", "In the file";
    means = "Artinya", "Means";
    as_meant = "tulis yang dimaksud", "what is meant";
    means_nothing = "kosongkan", "leave it empty";
    mend_in_file = "perbaiki di berkas, lalu kirim ulang", "mend it in the file and send that again";
    more_settings = "Keterangan daftar", "About the list";
    as_of_day = "Data per tanggal", "As of";
    as_of_day_hint = "Berlaku untuk semua baris. Baris bertanggal lebih lama tidak mengganti yang lebih baru.", "For all rows. An older row never replaces a newer one.";
    date_order = "Urutan tanggal", "Order of dates";
    within_region = "Kode provinsi, kabupaten/kota, atau kecamatan tempat semua baris berada", "Code of the province, regency or sub-district in which all rows lie";
    row_key = "Kunci baris (id_sumber)", "Key of a row (id_sumber)";
    row_key_hint = "Kolom yang tetap sama untuk orang yang sama pada kiriman berikutnya. Bukan nomor urut: setelah diurutkan ulang, setiap orang akan tertukar.", "Columns that stay the same for the same person in the next list. Never a running number: after sorting every person would become another.";
    preview = "Pratinjau sepuluh baris pertama", "Preview of the first ten rows";
    no_preview = "Pratinjau muncul setelah kolom wajib dicocokkan.", "The preview appears when the required columns are matched.";
    rows_read = "Baris dibaca", "Rows read";
    rows_accepted = "diterima", "accepted";
    rows_flagged = "diterima, perlu dilihat", "accepted, to look at";
    rows_unchanged = "tidak berubah", "unchanged";
    rows_older = "lebih lama, tanpa pengaruh", "older, without effect";
    rows_refused = "baris ditolak, belum selesai", "rows refused: not finished";
    rows_refused_long = "ditolak", "refused";
    rows_to_look_at = "baris perlu dilihat", "rows to look at";
    all_accepted = "Semua baris diterima", "All rows accepted";
    batch_number = "No. kiriman", "Batch";
    what_now = "Yang perlu dilakukan", "What to do now";
    what_now_text = "Baris yang ditolak tidak disimpan; baris lain sudah masuk. Perbaiki yang ditolak, lalu kirim lagi: baris yang tidak berubah tidak dihitung dua kali.", "Refused rows are not stored; the others are in. Correct those and send the list again: unchanged rows do not count twice.";
    download_marked = "Unduh Excel bertanda", "Take the marked workbook";
    download_marked_text = "Sel yang salah berwarna dan berisi penjelasan. Perbaiki di sana, simpan, lalu kirim berkas itu.", "Bad cells are coloured and say why. Correct them there, save, and send that file.";
    send_corrected = "Berkas yang sudah diperbaiki", "The corrected file";
    send_corrected_button = "Kirim perbaikan", "Send the correction";
    marked_gone = "Berkas yang dikirim tidak disimpan. Kirim ulang daftar dari halaman ini untuk mendapat Excel bertanda; tanda terima CSV di bawah menyebut baris dan alasannya.", "The file itself is not kept. The receipt as CSV below names rows and reasons; a list sent from this page can be had marked for an hour.";
    why_refused = "Alasan penolakan", "Why rows were refused";
    why_flagged = "Perlu dilihat", "To look at";
    why_flagged_text = "Baris ini sudah diterima. Isinya meragukan; perbaiki bila memang keliru.", "These rows are accepted. A value is doubtful; correct it if it is wrong.";
    repaired = "Dirapikan otomatis", "Tidied by Padan";
    what_to_do = "Penjelasan", "What to do";
    what_was_found = "Yang ditemukan", "What was found";
    row_numbers = "Baris", "Rows";
    row_by_row = "Baris demi baris", "Row by row";
    outcome = "Hasil", "Outcome";
    all_reasons = "semua alasan", "all reasons";
    row = "Baris", "Row";
    notes = "Keterangan", "Notes";
    receipt_as = "Tanda terima sebagai", "The receipt as";

    overview = "Ringkasan", "Overview";
    persons = "Orang", "Persons";
    families = "Keluarga", "Families";
    in_many_feeds = "Dikenal di dua feed atau lebih", "Known in two feeds or more";
    open_cases = "Menunggu keputusan", "Waiting for a decision";
    decided_cases = "sudah diputus", "decided";
    resting_cases = "beristirahat", "resting";
    waiting_rows = "Baris menunggu dipadankan", "Rows waiting to be matched";
    certificate = "Sertifikat berlaku sampai", "Certificate valid until";
    certificate_ends = "Sertifikat gerbang harus diganti: berlaku sampai", "The gateway's certificate has to be replaced: it is valid until";
    days_left = "hari lagi", "days left";
    closed_feeds = "Pernyataan kelengkapan", "Declarations of completeness";
    feeds = "Feed", "Feeds";
    feed = "Feed", "Feed";
    agency = "Instansi", "Agency";
    records = "Data", "Records";
    flagged = "Ditandai", "Flagged";
    last_push = "Kiriman terakhir", "Last push";
    last_batches = "Kiriman terbaru", "Latest batches";
    received = "Waktu terima", "Received";
    rows = "Baris", "Rows";
    accepted = "Diterima", "Accepted";
    refused = "Ditolak", "Refused";
    unchanged = "Tanpa perubahan", "Unchanged";
    older = "Lebih lama", "Older";
    state = "Status", "State";
    matched = "Sudah dipadankan", "Matched";
    matching = "Sedang dipadankan", "Being matched";
    stop_keys = "Baris yang tidak saling dibandingkan", "Rows that are not compared with one another";
    stop_keys_text = "Terlalu banyak baris yang isinya sama menurut aturan ini, sehingga aturan ini tidak membandingkannya satu sama lain. Data satu orang di antaranya bisa belum tergabung, kecuali aturan lain menemukannya. Buka contohnya: sering kali isian itu bukan data, melainkan isian sementara.", "Too many rows are alike by this rule, so the rule does not compare them with one another. Records of one person among them may be apart still, unless another rule finds them. Open the example: often the value is no datum but a placeholder.";
    example = "Contoh", "Example";
    rule = "Aturan", "Rule";
    model = "Model pencocokan", "Match model";
    never = "belum pernah", "never";

    queue = "Antrian Konflik", "Conflict queue";
    queue_intro = "Kasus yang tidak boleh diputus mesin. Yang belum diputus dapat diurutkan menurut kemiripan atau umurnya.", "Cases the engine may not decide. Open ones are ordered by how close the match is, or by age.";
    queue_empty = "Tidak ada kasus pada pilihan ini.", "There is no case in this selection.";
    case = "Kasus", "Case";
    why_asked = "Mengapa ditanyakan", "Why it is asked";
    region = "Wilayah", "Region";
    region_code = "Wilayah (kode)", "Region (code)";
    to_decision = "Ke keputusan", "To the decision";
    gist_enough = "Jumlahnya cukup untuk digabungkan.", "The sum is enough for a link.";
    gist_veto = "Jumlahnya cukup untuk digabungkan, tetapi ada penahan: mesin tidak boleh memutuskannya sendiri.", "The sum is enough for a link, but a veto holds: the engine may not decide alone.";
    gist_refused = "Jumlahnya cukup untuk digabungkan, tetapi data lain pada kedua orang tidak cocok satu sama lain.", "The sum is enough for a link, but the other records of the two persons do not fit together.";
    gist_weak = "Jumlahnya cukup untuk digabungkan, tetapi tidak ada penanda kuat: NIK yang sama, atau nama dan tanggal lahir yang sama bersama keluarga atau wilayah.", "The sum is enough for a link, but no strong identifier agrees: the NIK, or name and birth date together with family or region.";
    gist_between = "Jumlahnya di antara kedua ambang: mungkin orang yang sama, mungkin bukan.", "The sum lies between the thresholds: maybe one person, maybe not.";
    gist_below = "Jumlahnya di bawah ambang tinjau.", "The sum is below the review threshold.";
    shared_by = "Satu NIK dipakai", "One NIK, used by";
    shared_persons = "orang", "persons";
    shared_records = "data", "records";
    shared_text = "Orang-orang ini memakai NIK yang sama. Paling banyak satu dari mereka pemiliknya. Cocokkan dengan KTP atau kartu keluarga, lalu minta pengirim memperbaiki NIK pada data yang salah: kasus ini tertutup sendiri begitu NIK tidak lagi dipakai bersama.", "These persons bear one NIK. At most one of them owns it. Compare with the identity cards, then have the senders correct the number: the case closes by itself as soon as the number is no longer shared.";
    shared_too_many = "Terlalu banyak orang untuk diputus sekaligus. Perbaiki NIK di pengirimnya.", "Too many persons to be decided at once. Have the number corrected by its senders.";
    crowd_by = "Saling mirip:", "Resemble each other:";
    crowd_text = "Masing-masing orang ini mirip dengan banyak yang lain, terlalu banyak untuk ditanyakan dua per dua. Biasanya ini salah isi pada daftar: nama, tanggal, atau nomor yang sama di semua baris. Minta pengirim memperbaiki datanya: kasus ini tertutup sendiri begitu barisnya tidak lagi saling mirip.", "Each of these persons resembles many of the others, too many to be asked about two at a time. Mostly the list is wrong: one name, date or number in all rows. Have its sender correct it: the case closes by itself as soon as the rows no longer resemble each other.";
    crowd_too_many = "Terlalu banyak orang untuk diputus. Perbaiki barisnya di pengirim.", "Too many persons to be decided about. Have the rows corrected by their sender.";
    shared_merge_text = "Semua data dari orang-orang ini adalah satu orang.", "All records of these persons are one person.";
    shared_distinct_text = "Semuanya orang yang berbeda. NIK-nya tetap harus diperbaiki di pengirim.", "All of them are different persons. The number still has to be corrected by its senders.";
    rests = "Istirahat", "Resting";
    resting = "Istirahat: datanya ditarik pengirim", "Resting: a row was withdrawn";
    resting_case_text = "Pengirim menarik data ini sebelum ada keputusan. Pertanyaan dan rinciannya tetap tersimpan. Kasus ini dibuka lagi begitu datanya dikirim kembali dan masih perlu ditanyakan; sampai saat itu tidak dapat diputus.", "The sender withdrew a row before anybody decided. The question and its evidence are kept. The case is open again when the row is sent again and there still is a question; until then it cannot be decided.";
    resting_text = "Pengirim menarik data ini. Keputusan tetap tersimpan dan berlaku lagi begitu datanya dikirim kembali. Keputusan dapat dibatalkan.", "The sender withdrew a row. The decision is kept and counts again when the row is sent again. It can be taken back.";
    person_gone = "Semua data orang ini ditarik pengirimnya. Yang tersisa hanya riwayatnya.", "All rows of this person were withdrawn by their senders. Only the history is left.";
    bearers_of = "orang memakai NIK ini.", "persons bear this NIK.";
    left_off = "orang lagi tidak ditampilkan.", "more persons are not shown.";
    open = "Belum diputus", "Open";
    order = "Urutan", "Order";
    heaviest_first = "Paling mirip dahulu", "Closest matches first";
    oldest_first = "Paling lama dahulu", "Oldest first";
    decided = "Sudah diputus", "Decided";
    score = "Skor kecocokan", "Match score";
    bits = "bit", "bits";
    probability = "Peluang", "Probability";
    names = "Nama pada data", "Names in the records";
    total = "seluruhnya", "in all";

    side_by_side = "Data berdampingan", "Side by side";
    field = "Isian", "Field";
    comparison = "Perbandingan", "Comparison";
    as_of_sender = "Per tanggal", "As of";
    person_now = "Orang saat ini", "Present person";
    same = "sama", "same";
    near = "mirip", "near";
    different = "berbeda", "different";
    one_missing = "hanya satu", "one only";
    nik_says = "Isi NIK", "What the NIK says";
    nik_region = "Wilayah terbit NIK", "Region of issue";
    nik_birth = "Lahir menurut NIK", "Birth by NIK";
    nik_sex = "Jenis kelamin menurut NIK", "Sex by NIK";
    nik_relation = "Hubungan kedua NIK", "Relation of the two NIKs";
    nik_unreadable = "NIK tidak dapat dibaca", "the NIK cannot be read";
    agrees = "sesuai data", "as stated";
    disagrees = "tidak sesuai data", "not as stated";
    flags = "Tanda", "Flags";
    other_records = "Data lain dalam kasus ini", "Other records of this case";
    source_fields = "Isian khusus feed: program, sekolah, rekening", "What only the feeds say: programmes, school, account";
    withdrawn = "ditarik pengirim", "withdrawn by the sender";

    why_score = "Rincian skor", "Why this score";
    why_intro = "Setiap baris menambah atau mengurangi skor. Jumlahnya dibandingkan dengan dua ambang: tinjau dan gabung.", "Each line adds to the score or takes from it. The sum is held against two thresholds: review and link.";
    level = "Tingkat", "Level";
    weight = "Bobot", "Weight";
    sum = "Jumlah", "Sum";
    ambang_review = "tinjau", "review";
    ambang_link = "gabung", "link";
    vetoes = "Penahan yang berlaku", "Vetoes that hold";

    decision = "Keputusan", "Decision";
    merge = "Gabungkan", "Merge";
    merge_text = "Kedua data adalah orang yang sama. Datanya menjadi satu orang.", "Both records are the same person. They become one.";
    distinct = "Bukan Duplikat", "Not a duplicate";
    distinct_text = "Kedua data adalah orang yang berbeda. Mesin tidak akan menggabungkannya lagi.", "The records are different persons. The engine will not join them again.";
    revoke = "Batalkan", "Undo";
    revoke_text = "Keputusan ditarik kembali dan keadaan semula dipulihkan.", "The decision is taken back and the earlier state restored.";
    reason_required = "Alasan (wajib)", "Reason (required)";
    reason_hint = "Tulis dasar keputusan, bukan data pribadi. Auditor membacanya.", "Write what the decision rests on, no personal data. Auditors read it.";
    history = "Riwayat", "History";
    by = "Oleh", "By";
    at = "Waktu", "When";
    saved = "Keputusan tersimpan.", "The decision is stored.";
    no_decision = "Belum ada keputusan.", "No decision yet.";

    golden = "Data gabungan", "Golden record";
    value = "Isi", "Value";
    source = "Sumber", "Source";
    chosen_by = "Dipilih karena", "Chosen by";
    versions = "versi", "versions";
    programmes = "Program", "Programmes";
    programme = "Program", "Programme";
    period = "Periode", "Period";
    last_payment = "Pembayaran terakhir", "Last payment";
    family = "Keluarga", "Family";
    head = "Kepala keluarga", "Head of family";
    sources = "Data asal", "Source records";
    what_happened = "Peristiwa", "What happened";
    reference = "Rujukan", "Reference";
    redirected = "Nomor ini sudah digabungkan. Ini orang yang sekarang:", "This number was merged. This is the present person:";
    open_case_note = "Ada kasus yang menunggu keputusan:", "A case waits for a decision:";

    search = "Cari", "Search";
    search_title = "Cari orang", "Find a person";
    search_intro = "Isian tidak tersimpan di alamat halaman maupun di catatan.", "What you type is kept neither in the address nor in a log.";
    search_box = "Nama, nomor, kasus, atau kunci baris", "Name, number, case or row key";
    search_hint = "Bagian nama dalam urutan apa pun, NIK, No. KK, rekening, No. JKN, kasus (C12-34), nomor orang, atau id_sumber. Ejaan lama dan baru dianggap sama.", "Parts of a name in any order, NIK, KK, account or JKN number, case (C12-34), number of a person, or id_sumber. Old and new spelling are one.";
    search_missing = "Isi bagian nama, nomor, kasus, atau kunci baris.", "Give part of a name, a number, a case or a row key.";
    born_from = "Lahir tahun", "Born in";
    born_to = "sampai tahun", "to";
    years_wrong = "Tulis tahun lahir dengan empat angka, misalnya 1987; tahun terakhir tidak sebelum yang pertama.", "Write birth years in four digits, such as 1987; the last is not before the first.";
    region_wrong = "Kode wilayah terdiri dari 2, 4, 6, atau 10 angka.", "A region code has 2, 4, 6 or 10 digits.";
    case_found = "Kasus dengan nomor ini:", "The case of this number:";
    more_fit = "orang lagi sesuai. Tambahkan kata, tahun lahir, atau wilayah.", "more fit. Add a word, a birth year or a region.";
    more_than = "Lebih dari", "More than";
    may_fit = "orang mungkin sesuai; tidak semuanya dilihat. Tambahkan kata, tahun lahir, atau wilayah.", "may fit; not all of them were looked at. Add a word, a birth year or a region.";
    near_title = "Cari yang mirip", "Find who is alike";
    near_text = "Untuk NIK atau nama yang mungkin salah tulis.", "For a NIK or a name that may be written wrongly.";
    by_nik = "Menurut NIK", "By NIK";
    by_name = "Menurut nama dan tanggal lahir", "By name and birth date";
    name = "Nama", "Name";
    birth = "Tanggal lahir", "Birth date";
    found = "ditemukan", "found";
    found_none = "Tidak ada orang yang sesuai.", "Nobody fits.";
    person = "Orang", "Person";
    date_wrong = "Tulis tanggal lahir sebagai TTTT-BB-HH, misalnya 1987-05-31.", "Write the birth date as YYYY-MM-DD, such as 1987-05-31.";
    nik_missing = "Isi NIK.", "Give a NIK.";
    name_missing = "Isi nama dan tanggal lahir.", "Give a name and a birth date.";

    complementarity = "Komplementaritas", "Complementarity";
    complementarity_intro = "Siapa yang seharusnya menerima dan belum, siapa yang menerima ganda, dan apa yang belum dapat dinilai.", "Who should receive and does not, who receives twice, and what cannot be assessed yet.";
    as_of = "Per tanggal", "As of";
    gaps = "Belum menerima", "Gaps";
    gaps_text = "Memenuhi syarat, tetapi belum menerima.", "Entitled, and not served.";
    overlaps = "Tumpang tindih", "Overlaps";
    overlaps_text = "Menerima ganda atau menerima padahal tidak berhak.", "Served twice, or without being entitled.";
    quality = "Mutu data", "Data quality";
    quality_text = "Data di balik pembayaran perlu diperbaiki.", "The data behind a payment need repair.";
    kecamatan = "Kecamatan", "Sub-district";
    all_kecamatan = "Semua kecamatan", "All sub-districts";
    no_region = "Wilayah tidak diketahui", "Region not known";
    cannot_assess = "belum dapat dinilai", "cannot be assessed yet";
    of_assessed = "dari yang dinilai", "of those assessed";
    legal = "Dasar", "Basis";
    severity = "Tingkat", "Severity";
    awaited = "Menunggu", "Waiting for";
    open_feeds = "Feed yang belum dinyatakan lengkap", "Feeds not declared complete";
    open_feeds_text = "Selama feed ini terbuka, data yang tidak ada belum berarti belum menerima.", "As long as these are open, a missing row is not a gap.";
    answers = "Jawaban tertahan", "Answers held back";
    findings = "temuan", "findings";
    to_do = "Tindak lanjut", "What to do";
    subject = "Subjek", "Subject";
    evidence = "Bukti", "Evidence";
    note = "Keterangan", "Note";
    no_findings = "Tidak ada temuan pada pilihan ini.", "There is no finding in this selection.";
    without_village = "temuan di kecamatan ini tidak ikut dihitung: tidak ada baris yang menyebut desanya.", "findings of this sub-district are not counted: no row says in which village.";
    report_empty = "Belum ada data yang dapat dinilai.", "There is nothing to assess yet.";
    data_state = "Keadaan data sampai baris", "Data up to row";
    rule_list = "Arti kode aturan", "What the rule codes mean";
    hint_cell = "Angka tebal: temuan. Angka bertanda ○: belum dapat dinilai. Setiap angka membuka daftarnya.", "Bold: findings. With ○: cannot be assessed yet. Every figure opens its list.";

    trail = "Jejak data pribadi", "Trail of personal data";
    trail_intro = "Siapa yang melihat atau memutus sesuatu tentang seseorang, kapan, dan untuk apa (UU 27/2022 pasal 31 dan 32). Halaman ini dapat dicetak bagi orang yang memintanya.", "Who saw or decided something about a person, when, and what for (UU 27/2022, articles 31 and 32). It can be printed for the person who asks.";
    trail_wrong = "Itu bukan nomor orang. Nomor orang berbentuk P dan sepuluh angka; NIK tidak dipakai di sini.", "That is no number of a person: it is P and ten digits. A NIK is not used here.";
    trail_hint = "Nomor orang tertera pada halaman orang dan kasus.", "It stands on the page of a person and of a case.";
    trail_also = "Termasuk catatan dengan nomor", "With the entries under";
    trail_printed = "Menurut catatan audit per", "As the audit log says at";
    trail_none = "Belum ada yang melihat data orang ini.", "Nobody has seen this person's data yet.";
    person_number = "Nomor orang", "Number of the person";
    show_trail = "Tampilkan jejak", "Show the trail";
    when = "Waktu", "When";
    who = "Siapa", "Who";
    entry = "Catatan", "Entry";
    what_done = "Kegiatan", "What was done";
    purpose = "Tujuan akses", "Purpose of access";

    problem = "Permintaan tidak dapat dilayani", "The request was not served";
    request_id = "Nomor permintaan", "Request id";
    back_home = "Ke halaman ringkasan", "To the overview";
    status = "Status HTTP", "HTTP status";
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_two_languages_are_two() {
        assert_ne!(super::INDONESIAN.merge, super::ENGLISH.merge);
        assert_eq!(super::INDONESIAN.merge, "Gabungkan");
        assert_eq!(super::INDONESIAN.distinct, "Bukan Duplikat");
    }
}
