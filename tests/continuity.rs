//! A trace that never breaks, whatever the settings.

// Their unit tests run here.
#[path = "../examples/matrix/setting.rs"]
mod setting;
#[path = "../examples/matrix/verdict.rs"]
mod verdict;
