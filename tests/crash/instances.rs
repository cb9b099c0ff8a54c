pub(crate) fn hold(_: &[String]) -> u8 {
    0
}
pub(crate) fn run(_: &crate::exam::Exam) -> Vec<crate::tally::Tally> {
    Vec::new()
}
