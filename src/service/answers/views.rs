//! What the use cases answer: plain values that the JSON interface, the pages and the command line show each in its way.

use std::collections::BTreeMap;

use crate::domain::agency::AgencyId;
use crate::domain::batch::{Batch, ReceiptLine};
use crate::domain::case::{Case, CaseState, Explained, Question};
use crate::domain::date::{Date, Period, Timestamp};
use crate::domain::decision::{Decision, Verdict};
use crate::domain::feed::Feed;
use crate::domain::finding::{Finding, Outcome, RuleKind, RuleSeverity, Scope};
use crate::domain::person::{FamilyId, GoldenFamily, GoldenPerson};
use crate::domain::record::{PersonId, Record, RecordId};
use crate::review::{Step, allows};

/// The answer to a push.
#[derive(Debug, Clone)]
pub struct Pushed {
    /// The batch as stored.
    pub batch: Batch,
    /// The batch had been accepted before under the same idempotency key.
    pub replayed: bool,
    /// The receipt lines, in line order.
    pub lines: Vec<ReceiptLine>,
}

/// A batch and how far it is.
#[derive(Debug, Clone)]
pub struct BatchView {
    /// The batch.
    pub batch: Batch,
    /// Every row of it has been matched.
    pub matched: bool,
    /// Reports tell of every row of it.
    pub evaluated: bool,
}

/// One page of something, and how to ask for the next.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Opaque cursor of the next page; `None` at the end.
    pub next: Option<String>,
    /// How many there are in all, where that is known cheaply.
    pub total: Option<u64>,
}

/// One programme a person or their family has, as the sources state it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProgrammeLine {
    /// `PKH`, `SEMBAKO`, `PBI_APBN`, `PIP`, ...
    pub code: String,
    /// `AKTIF`, `CAIR`, ...
    pub status: String,
    /// For which period.
    pub period: Option<Period>,
    /// Which feed says so.
    pub feed: Feed,
    /// Which record.
    pub record: RecordId,
    /// Last payment on an account of the person: day, amount in rupiah and status.
    pub last_payment: Option<(Option<Date>, i64, String)>,
}

/// One thing that happened to a person's records.
#[derive(Debug, Clone)]
pub struct HistoryLine {
    /// When (acceptance of a row, decision of a steward).
    pub at: Option<Timestamp>,
    /// `row_accepted`, `row_updated`, `row_withdrawn`, `row_older` (without effect), `decision`; `row_kept` where the retention rule may have taken
    /// earlier rows of the record.
    pub what: &'static str,
    /// The record concerned.
    pub record: RecordId,
    /// The feed of that record.
    pub feed: Feed,
    /// Batch id or case id; never a personal value.
    pub reference: String,
}

/// Everything about one person.
#[derive(Debug, Clone)]
pub struct PersonView {
    /// The golden record.
    pub person: GoldenPerson,
    /// All rows were withdrawn: this is what there was.
    pub withdrawn: bool,
    /// The id asked for was retired by a merge and leads here.
    pub redirected_from: Option<PersonId>,
    /// Source records.
    pub sources: Vec<Record>,
    /// Families.
    pub families: Vec<GoldenFamily>,
    /// Programmes.
    pub programmes: Vec<ProgrammeLine>,
    /// What happened, oldest first.
    pub history: Vec<HistoryLine>,
    /// Open cases that name one of the records.
    pub cases: Vec<String>,
}

/// How to look a person up. Values travel in the body, never in a URL.
#[derive(Clone, Default)]
pub struct LookupQuery {
    /// A NIK; as the others exactly, cleaned as feeds are or as it was written.
    pub nik: Option<String>,
    /// The number of a family card.
    pub no_kk: Option<String>,
    /// The number of a pupil.
    pub nisn: Option<String>,
    /// The number of an insured person.
    pub no_jkn: Option<String>,
    /// The number of an account.
    pub no_rekening: Option<String>,
    /// Name, compared as the matcher does.
    pub nama: Option<String>,
    /// Birth date; required with a name.
    pub tanggal_lahir: Option<Date>,
    /// Exact source key: feed and `id_sumber`.
    pub source: Option<(Feed, String)>,
}

impl LookupQuery {
    /// Whether it asks for an exact number.
    pub const fn number(&self) -> bool {
        self.nik.is_some()
            || self.no_kk.is_some()
            || self.nisn.is_some()
            || self.no_jkn.is_some()
            || self.no_rekening.is_some()
    }
}

/// Who was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// Those who bear the number that was asked for; then near ones, best first.
    pub persons: Vec<PersonView>,
    /// How many persons bear the number; `None` when no number was asked for.
    pub bearers: Option<u64>,
    /// How many more there are.
    pub left_off: u64,
}

impl std::fmt::Debug for LookupQuery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LookupQuery(***)")
    }
}

/// What somebody typed to find a person, and what narrows it. Values travel in the body, never in a URL.
#[derive(Clone, Default)]
pub struct SearchQuery {
    /// Words of a name, a number, the id of a case or of a person, or a sender's row key.
    pub text: String,
    /// The text is a row key of this feed and nothing else.
    pub feed: Option<Feed>,
    /// Only persons in this region: 2, 4, 6 or 10 digits.
    pub kode_wilayah: Option<String>,
    /// Only persons born in these years, the first and the last.
    pub born: Option<(u16, u16)>,
}

impl std::fmt::Debug for SearchQuery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SearchQuery(***)")
    }
}

/// Who fits a search.
#[derive(Debug, Clone, Default)]
pub struct SearchAnswer {
    /// The best of them.
    pub persons: Vec<GoldenPerson>,
    /// The case whose id was typed; its persons are among those found.
    pub case: Option<String>,
    /// How many more were found.
    pub left_off: u64,
    /// Everything was looked at. If not, there may be more than those found.
    pub complete: bool,
}

/// What persons and families are called, for lists that hold their numbers.
#[derive(Clone, Default)]
pub struct Names {
    /// Names of persons.
    pub persons: BTreeMap<PersonId, String>,
    /// Names of the heads of families; of the oldest member where no head is known.
    pub families: BTreeMap<FamilyId, String>,
}

impl std::fmt::Debug for Names {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Names(*** of {} persons and {} families)", self.persons.len(), self.families.len())
    }
}

/// Any two records explained.
#[derive(Debug, Clone, PartialEq)]
pub struct PairView {
    /// The two records, in the order asked for.
    pub records: (RecordId, RecordId),
    /// The persons they belong to.
    pub persons: (PersonId, PersonId),
    /// Why the pair has its weight.
    pub explained: Explained,
    /// Blocking rules that give the pair; none when it is never compared.
    pub rules: Vec<String>,
}

/// A case with what a steward needs to decide it.
#[derive(Debug, Clone)]
pub struct CaseView {
    /// The case.
    pub case: Case,
    /// Its records, the two of the pair first; withdrawn ones too.
    pub records: Vec<Record>,
    /// Decisions about the pair so far, oldest first.
    pub decisions: Vec<Decision>,
    /// The persons on both sides.
    pub persons: Vec<GoldenPerson>,
    /// Records that their sender withdrew: as long as there are any, a question or a decision about them rests.
    pub resting: Vec<RecordId>,
}

impl CaseView {
    /// Whether a steward can give a verdict on it now.
    pub fn can_be_decided(&self) -> bool {
        allows(&self.case, Step::Decide(Verdict::BukanDuplikat)).is_ok()
    }

    /// Whether there is a decision on it that can be taken back.
    pub fn can_be_taken_back(&self) -> bool {
        allows(&self.case, Step::TakeBack).is_ok()
    }
}

/// Which cases to list.
#[derive(Debug, Clone, Default)]
pub struct CaseFilter {
    /// Only with this question.
    pub question: Option<Question>,
    /// Only with this reason code.
    pub reason: Option<String>,
    /// Only those in this region: 2, 4, 6 or 10 digits.
    pub kode_wilayah: Option<String>,
    /// Only in this state.
    pub state: CaseState,
    /// Which open cases come first; the others have one order.
    pub order: CaseOrder,
}

/// Which open cases come first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CaseOrder {
    /// Those with the greatest weight: the likeliest duplicates.
    #[default]
    Heaviest,
    /// Those whose younger record came first: nobody can have asked about them earlier.
    Oldest,
}

/// A steward's answer.
#[derive(Debug, Clone)]
pub struct VerdictRequest {
    /// The verdict; `None` takes the earlier one back (*Batalkan*).
    pub verdict: Option<Verdict>,
    /// Why; required.
    pub reason: String,
}

/// What to report.
#[derive(Debug, Clone, Default)]
pub struct ReportQuery {
    /// As of which date; the configured one (or today) when absent.
    pub as_of: Option<Date>,
    /// Only this region (code prefix of 2, 4, 6 or 10 digits).
    pub kode_wilayah: Option<String>,
    /// Only this rule.
    pub rule: Option<String>,
}

/// One rule of the rule set, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleView {
    /// `G01`.
    pub id: String,
    /// What it looks for.
    pub kind: RuleKind,
    /// What it is about.
    pub scope: Scope,
    /// How serious.
    pub severity: RuleSeverity,
    /// Name in Indonesian.
    pub name_id: String,
    /// Name in English.
    pub name_en: String,
    /// Legal basis.
    pub legal_basis: String,
    /// What to do about a finding, in Indonesian.
    pub message_id: String,
    /// What to do about a finding, in English.
    pub message_en: String,
}

/// Counts of one rule in one sub-district.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportCell {
    /// Rule id.
    pub rule: String,
    /// What is counted: persons, families or accounts. A rule may ask about several.
    pub scope: Scope,
    /// Sub-district code; empty when the region is not known.
    pub kode_kecamatan: String,
    /// Its name.
    pub kecamatan: String,
    /// Findings by outcome.
    pub counts: BTreeMap<Outcome, u64>,
}

/// The complementarity report.
#[derive(Debug, Clone)]
pub struct ReportView {
    /// As of.
    pub as_of: Date,
    /// Number of the last matched row: two reports with the same number saw the same data.
    pub state: u64,
    /// The rules evaluated: one entry for each id and scope, as they are counted.
    pub rules: Vec<RuleView>,
    /// Rule by sub-district, sorted.
    pub cells: Vec<ReportCell>,
    /// The single findings other than `menerima`, when a rule was asked for.
    pub findings: Vec<Finding>,
    /// Feeds that are not closed and made answers impossible.
    pub open_feeds: Vec<OpenFeed>,
    /// Where a village was asked for: findings of its sub-district that no row assigns to a village. They are counted
    /// nowhere in the report.
    pub without_village: u64,
}

/// A feed that is not closed for a region and a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenFeed {
    /// Which feed.
    pub feed: Feed,
    /// The region.
    pub kode_wilayah: String,
    /// The period.
    pub periode: Period,
    /// Answers it made impossible.
    pub answers: u64,
    /// The agencies that are to send it there and have not closed it; nobody where nobody is to send it.
    pub awaited: Vec<AgencyId>,
}

/// What a declaration of completeness did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Declared {
    /// Entries.
    pub declared: u64,
    /// Of those: they changed what is closed.
    pub changed: u64,
    /// Of those: it was so before.
    pub unchanged: u64,
    /// Rows that the lists no longer have.
    pub unsent: Vec<Unsent>,
}

/// Present rows of an agency in a region that it did not send again since it last declared the list complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsent {
    /// The region.
    pub kode_wilayah: String,
    /// Since when.
    pub since: Timestamp,
    /// How many.
    pub rows: u64,
    /// The source keys of the first of them.
    pub ids: Vec<String>,
}

/// One line of the overview.
#[derive(Debug, Clone)]
pub struct FeedLine {
    /// Which feed.
    pub feed: Feed,
    /// Records that are not withdrawn.
    pub records: u64,
    /// Of those: with at least one flag.
    pub flagged: u64,
    /// Last batch.
    pub last: Option<Timestamp>,
    /// Who sends it.
    pub agencies: Vec<AgencyId>,
}

/// A key that too many rows share: its rule does not compare them with one another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StopKeyLine {
    /// The blocking rule.
    pub rule: String,
    /// Rows that share the key.
    pub rows: u64,
    /// A person with one of these rows, to look at.
    pub example: Option<PersonId>,
}

/// The state of the gateway on one page.
#[derive(Debug, Clone)]
pub struct Overview {
    /// One line a feed.
    pub feeds: Vec<FeedLine>,
    /// Persons.
    pub persons: u64,
    /// Families.
    pub families: u64,
    /// Persons known in two or more feeds.
    pub persons_in_many_feeds: u64,
    /// Cases waiting.
    pub open_cases: u64,
    /// Cases that rest while a row is withdrawn.
    pub resting_cases: u64,
    /// Cases decided.
    pub decided_cases: u64,
    /// Rows accepted and not yet matched.
    pub waiting_rows: u64,
    /// Newest batches first, at most 20.
    pub batches: Vec<BatchView>,
    /// Keys too common to be compared, the largest first: at most 50 of them.
    pub stop_keys: Vec<StopKeyLine>,
    /// How many there are in all.
    pub stop_keys_total: u64,
    /// Name and version of the match model.
    pub model: String,
    /// Declared completeness, newest first.
    pub closed_feeds: u64,
}
