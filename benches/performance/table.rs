// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is printed.

/// A limit, and what was measured.
pub struct Row {
    pub what: &'static str,
    pub at_most: f64,
    pub unit: &'static str,
    pub measured: f64,
    /// What it was made of.
    pub of: String,
}

pub fn print_limits(rows: &[Row]) {
    println!("\n| what | at most | measured | of | met |\n|---|---|---|---|---|");
    for row in rows {
        let (unit, met) = (row.unit, row.measured <= row.at_most);
        println!(
            "| {} | {}{unit} | {}{unit} | {} | {} |",
            row.what,
            row.at_most,
            rounded(row.measured),
            row.of,
            if met { "yes" } else { "**no**" },
        );
    }
}

pub fn print_others(others: &[(String, f64)]) {
    println!("\n| without a limit | measured |\n|---|---|");
    for (what, ns) in others {
        println!("| {what} | {} ns |", rounded(*ns));
    }
}

/// To three digits.
pub fn rounded(value: f64) -> String {
    let digits = 2 - value.abs().max(1e-9).log10().floor() as i32;
    format!("{value:.*}", digits.max(0) as usize)
}
