//! The policy as a page for people: `docs/policy.md`.

use super::{Action, DraftState, GATES, Gate, Reach, TO_A_DRAFT, bar, reach};
use crate::operation::Role;

/// The whole policy as Markdown: what `docs/policy.md` holds.
pub fn printed() -> String {
    format!(
        "## Rights\n\n`own`: to what is their own.\n\n{}\n## What asks for them\n\n{}\n## On a draft\n\n{}",
        rights_table(),
        gates_table(),
        drafts_table()
    )
}

fn rights_table() -> String {
    let mut text = format!(
        "| |{}\n|---|---|---|---|---|---|\n",
        Role::ALL.map(|role| format!(" {} |", role.name())).concat()
    );
    for &action in Action::ALL {
        let cells = Role::ALL.map(|role| match reach(role, action) {
            Reach::None => "  |",
            Reach::Own => " own |",
            Reach::Any => " yes |",
        });
        text.push_str(&format!("| {} |{}\n", action.words(), cells.concat()));
    }
    text
}

fn gates_table() -> String {
    let mut text = String::from("| mutation, or field under `viewer` | who |\n|---|---|\n");
    for (field, gate) in GATES {
        let who = match gate {
            Gate::Everybody => "everybody",
            Gate::SignedIn => "who is signed in",
            Gate::Right(action) => action.words(),
        };
        text.push_str(&format!("| `{field}` | {who} |\n"));
    }
    text
}

fn drafts_table() -> String {
    const STATES: [(&str, bool, bool, bool, bool); 7] = [
        ("being written, not public", false, false, true, false),
        ("being written, public", false, true, false, false),
        ("being written, public, changed since", false, true, true, false),
        ("in review, not public", true, false, true, false),
        ("in review, public", true, true, false, false),
        ("in review, public, changed since", true, true, true, false),
        ("in the trash", false, false, true, true),
    ];
    let roles = Role::ALL.map(|role| format!(" {0}, own | {0}, others' |", role.name())).concat();
    let mut text = format!("| | |{roles}\n|---|---|{}\n", "---|".repeat(Role::ALL.len() * 2));
    for &action in TO_A_DRAFT {
        for (name, is_in_review, is_published, has_unpublished_changes, is_trashed) in STATES {
            let state = DraftState { is_in_review, is_published, has_unpublished_changes, is_trashed };
            let can = if bar(action, state).is_none() { "yes" } else { "not now" };
            let cells = Role::ALL.map(|role| match reach(role, action) {
                Reach::None => "  |  |".to_owned(),
                Reach::Own => format!(" {can} |  |"),
                Reach::Any => format!(" {can} | {can} |"),
            });
            text.push_str(&format!("| {} | {name} |{}\n", action.words(), cells.concat()));
        }
    }
    text
}
