pub(crate) fn play(_: &[String]) -> u8 {
    0
}
pub(crate) fn check(_: &[String]) -> u8 {
    0
}
