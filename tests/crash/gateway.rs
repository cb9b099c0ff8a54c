pub(crate) fn kill(_: &crate::exam::Exam) -> Vec<crate::tally::Tally> {
    Vec::new()
}
pub(crate) fn power(_: &crate::exam::Exam) -> Vec<crate::tally::Tally> {
    Vec::new()
}
