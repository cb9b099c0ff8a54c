//! Pages rendered from hand-made views: escaping, masking, both languages. They are also written to `target/pages`, to be
//! looked at in a browser.

use actix_web::test::TestRequest;
use askama::Template;

use super::case_page::CasePage;
use super::cases_page::{CasesPage, Choice as CaseChoice};
use super::findings_page::{FindingsPage, Listed, Part};
use super::layout::{Lang, Layout};
use super::overview_page::OverviewPage;
use super::person_page::PersonPage;
use super::problem_page::ProblemPage;
use super::report_page::{Choice, ReportPage};
use super::search_page::{Outcome, SearchPage, Typed};
use super::session::Session;
use super::sign_in::SignInPage;
use super::trail_page::TrailPage;
use super::{samples, style};
use crate::domain::date::Date;
use crate::http::problem::Code;
use crate::service::answers::views::{Found, Names, SearchAnswer};

const TODAY: Date = Date::constant(2025, 11, 20);

fn layout(path: &str, lang: &str) -> Layout {
    let session = Session { caller: samples::caller(), form_token: "FORM-TOKEN".to_owned() };
    let request = TestRequest::with_uri(&format!("{path}?lang={lang}")).to_http_request();
    Layout::of(&request, Some(&session))
}

fn html(template: &impl Template) -> String {
    template.render().expect("the template renders")
}

/// A page of two findings of the first rule.
fn findings(part: &Part, lang: &str, names: &Names) -> String {
    let report = samples::report_view();
    let listed = Listed::new(part, &report.rules[0], &report, 2);
    let page = layout("/komplementaritas/G01", lang);
    html(&FindingsPage::new(page, part, &report.rules[0], &report, &listed, names))
}

/// Every page: file name and content.
fn pages(lang: &str) -> Vec<(&'static str, String)> {
    let person = samples::person_view();
    let report = samples::report_view();
    let nobody = Layout { user: None, menu: Vec::new(), ..layout("/masuk", lang) };
    let key = || "KEY".to_owned();
    let near = Outcome::Near(Found { persons: vec![samples::person_view()], bearers: Some(2), left_off: 0 });
    let persons = vec![samples::person_view().person];
    let fitting =
        Outcome::Fitting(SearchAnswer { persons, case: Some("C3-17".to_owned()), left_off: 4, complete: false });
    let search = |outcome: &Outcome| html(&SearchPage::new(layout("/cari", lang), Typed::default(), outcome));
    vec![
        ("masuk", html(&SignInPage::new(nobody.clone(), "/konflik".to_owned(), Some(nobody.lang.texts().code_wrong)))),
        ("ringkasan", html(&OverviewPage::new(layout("/", lang), &samples::overview(), &samples::served().validity()))),
        ("konflik", html(&CasesPage::new(layout("/konflik", lang), CaseChoice::default(), &samples::cases()))),
        ("kasus", html(&CasePage::new(layout("/konflik/C3-17", lang), &samples::case_view(), TODAY, key()))),
        (
            "kasus-selesai",
            html(&CasePage::new(layout("/konflik/C3-17", lang), &samples::decided_case_view(), TODAY, key())),
        ),
        ("kasus-nik", html(&CasePage::new(layout("/konflik/N-3", lang), &samples::shared_nik_view(), TODAY, key()))),
        (
            "kasus-istirahat",
            html(&CasePage::new(layout("/konflik/C3-17", lang), &samples::undecided_resting_view(), TODAY, key())),
        ),
        (
            "kasus-ditangguhkan",
            html(&CasePage::new(layout("/konflik/C3-17", lang), &samples::resting_case_view(), TODAY, key())),
        ),
        ("orang", html(&PersonPage::new(layout("/orang/P0000000003", lang), &person, &samples::names()))),
        ("cari", search(&fitting)),
        ("cari-mirip", search(&near)),
        ("komplementaritas", html(&ReportPage::new(layout("/komplementaritas", lang), Choice::default(), &report))),
        ("temuan", findings(&Part::default(), lang, &samples::names())),
        ("jejak", html(&TrailPage::new(layout("/jejak/P0000000003", lang), &samples::seen(), "hari ini".to_owned()))),
        ("masalah", html(&ProblemPage::new(nobody, Code::NotFound, Vec::new(), Some("0193b".to_owned())))),
    ]
}

#[test]
fn every_page_renders_in_both_languages_and_shows_no_secret() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/pages");
    std::fs::create_dir_all(&folder).expect("a folder for the pages");
    for lang in ["id", "en"] {
        for (name, html) in pages(lang) {
            assert!(html.contains(&format!("<html lang=\"{lang}\">")), "{name}");
            for secret in samples::SECRETS {
                assert!(!html.contains(secret), "{name} shows {secret}");
            }
            for forbidden in ["<script", "javascript:", " style=", "onclick", "http://"] {
                assert!(!html.contains(forbidden), "{name} has {forbidden}");
            }
            let html = html.replace(style::css_path(), "../../src/http/steward/style.css");
            let html = html.replace(style::icon_path(), "../../src/http/steward/icon.svg");
            std::fs::write(folder.join(format!("{name}.{lang}.html")), html).expect("the page can be written");
        }
    }
}

#[test]
fn names_are_text_and_not_markup() {
    let cases = html(&CasesPage::new(layout("/konflik", "id"), CaseChoice::default(), &samples::cases()));
    assert!(
        cases.contains("RANI &#60;script&#62;") || cases.contains("RANI &lt;script&gt;"),
        "the name is not escaped"
    );
    let mut view = samples::case_view();
    view.records[0].core.nama = Some(samples::MARKUP.to_owned());
    let case = html(&CasePage::new(layout("/konflik/C3-17", "id"), &view, TODAY, String::new()));
    assert!(!case.contains("<script"), "a difference mark broke the escaping");
}

#[test]
fn signs_that_turn_the_direction_are_written_out_and_values_stand_alone() {
    let turned = "SITI \u{202e}HANIMA\0";
    let mut view = samples::case_view();
    view.records[0].core.nama = Some(turned.to_owned());
    view.records[0].key.id_sumber = "A\u{1b}[2J".to_owned();
    let case = html(&CasePage::new(layout("/konflik/C3-17", "id"), &view, TODAY, String::new()));
    let mut person = samples::person_view();
    person.sources[0].core.nama = Some(turned.to_owned());
    person.sources[0].key.id_sumber = "A\u{1b}[2J".to_owned();
    let person = html(&PersonPage::new(layout("/orang/P0000000003", "id"), &person, &samples::names()));
    for page in [&case, &person] {
        assert!(!page.contains(['\u{202e}', '\0', '\u{1b}']), "a sign that steers is on the page");
        assert!(page.contains("[U+202E]") && page.contains("<bdi>A␛[2J</bdi>"), "{page}");
    }
}

#[test]
fn an_open_case_offers_two_verdicts_a_decided_one_their_undoing_and_a_resting_one_nothing() {
    let open = html(&CasePage::new(layout("/konflik/C3-17", "id"), &samples::case_view(), TODAY, "KEY".to_owned()));
    let done =
        html(&CasePage::new(layout("/konflik/C3-17", "id"), &samples::decided_case_view(), TODAY, "KEY".to_owned()));
    let view = samples::undecided_resting_view();
    let rests = html(&CasePage::new(layout("/konflik/C3-17", "id"), &view, TODAY, "KEY".to_owned()));
    for (words, in_open, in_done, in_resting) in [
        ("value=\"GABUNGKAN\"", true, false, false),
        ("value=\"BUKAN_DUPLIKAT\"", true, false, false),
        ("value=\"BATALKAN\"", false, true, false),
        ("action=\"/konflik/C3-17\"", true, true, false),
        ("name=\"kunci\" value=\"KEY\"", true, true, false),
        ("Akta kelahiran sama", false, true, false),
        ("dua angka berdampingan tertukar", true, true, false),
        ("Rincian skor", true, true, true),
        ("Istirahat: datanya ditarik pengirim", false, false, true),
        ("ditarik pengirim</span></th>", false, false, true),
        ("> Belum diputus</span>", true, false, false),
    ] {
        let found = [&open, &done, &rests].map(|page| page.contains(words));
        assert_eq!(found, [in_open, in_done, in_resting], "{words}");
    }
}

#[test]
fn a_report_shows_what_cannot_be_assessed_and_why() {
    let page = html(&ReportPage::new(layout("/komplementaritas", "id"), Choice::default(), &samples::report_view()));
    assert!(page.contains("belum dapat dinilai") && page.contains("811"));
    assert!(page.contains("bank-rekening"));
    assert!(
        page.contains("/komplementaritas/G01?tanggal=&#38;wilayah=&#38;kecamatan=320101"),
        "cells lead to their list"
    );
}

#[test]
fn a_list_of_findings_has_pages() {
    let part = |query: &str| actix_web::web::Query::<Part>::from_query(query).expect("a part").into_inner();
    let page = |query: &str| findings(&part(query), "id", &samples::names());
    for (query, next, previous) in [
        ("", true, false),
        ("mulai=belum_menerima.P0000000003", false, true),
        ("mulai=belum_menerima.K0000000008", false, true),
        ("sebelum=belum_dapat_dinilai.R0000000029", true, false),
        ("mulai=x", true, false),
        ("kecamatan=329999", false, false),
    ] {
        let page = page(query);
        assert_eq!((page.contains("rel=\"next\""), page.contains("rel=\"prev\"")), (next, previous), "{query}");
    }
}

#[test]
fn findings_show_names_to_those_who_may_see_them_and_numbers_to_others() {
    let named = findings(&Part::default(), "id", &samples::names());
    let bare = findings(&Part::default(), "id", &Names::default());
    for (words, with, without) in [
        ("<bdi>RANI PUSPITASARI</bdi></a>", true, false),
        ("Keluarga <bdi>EMA SURYANI</bdi>", true, false),
        (">P0000000003</a>", false, true),
        ("2 temuan", true, true),
        ("○ 1 belum dapat dinilai", true, true),
        ("Tindak lanjut:", true, true),
        ("tidak ada barisnya", true, true),
        ("Triwulan IV 2025", true, true),
    ] {
        assert_eq!((named.contains(words), bare.contains(words)), (with, without), "{words}");
    }
}

#[test]
fn the_language_is_asked_for_remembered_or_indonesian() {
    use actix_web::cookie::Cookie;
    for (uri, cookie, lang) in [
        ("/", None, Lang::Indonesian),
        ("/?lang=en", None, Lang::English),
        ("/", Some("en"), Lang::English),
        ("/?lang=id", Some("en"), Lang::Indonesian),
        ("/?lang=fr", Some("xx"), Lang::Indonesian),
    ] {
        let mut request = TestRequest::with_uri(uri);
        if let Some(value) = cookie {
            request = request.cookie(Cookie::new("bahasa", value));
        }
        assert_eq!(Lang::of(&request.to_http_request()), lang, "{uri} {cookie:?}");
    }
    let layout = Layout::of(&TestRequest::with_uri("/konflik?alasan=V1&lang=en").to_http_request(), None);
    assert_eq!(layout.switch, ["/konflik?alasan=V1&lang=id", "/konflik?alasan=V1&lang=en"]);
}
