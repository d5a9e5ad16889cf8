//! Random writes, held against rows in a vector.

use proptest::prelude::*;

use super::table::Table;

/// `(id, email, team, size)`: id is the key, email is unique, team refers to a team, size is from 0 to 9.
type Person = (i32, Option<i32>, Option<i32>, i32);

const SCRIPT: &str = "
table teams { id integer primary key }
table people {
    id    integer primary key
    email integer unique
    team  integer references teams (id)
    size  integer not null check (size between 0 and 9)
}
rows teams { (0) (1) (2) }
";

#[derive(Clone, Debug)]
enum Write {
    Insert(Vec<Person>),
    SetEmail(Option<i32>, i32),
    Grow(i32, i32),
    Move(Option<i32>, i32),
    Renumber(i32, i32),
    Delete(i32),
    AddTeam(i32),
    DeleteTeam(i32),
}

#[derive(Clone, Default)]
struct Naive {
    people: Vec<Person>,
    teams: Vec<i32>,
}

impl Naive {
    fn is_valid(&self) -> bool {
        let distinct = |a: usize, b: usize| {
            let (a, b) = (&self.people[a], &self.people[b]);
            a.0 != b.0 && (a.1.is_none() || a.1 != b.1)
        };
        let rows = self.people.len();
        (0..rows).all(|a| (a + 1..rows).all(|b| distinct(a, b)))
            && self.people.iter().all(|person| (0..=9).contains(&person.3))
            && self.people.iter().all(|person| person.2.is_none_or(|team| self.teams.contains(&team)))
            && (1..self.teams.len()).all(|at| !self.teams[..at].contains(&self.teams[at]))
    }

    /// Does a write row by row, as a constraint that is checked at once sees it.
    fn write(&mut self, write: &Write) -> bool {
        let mut next = self.clone();
        let done = match write {
            Write::Insert(people) => people.iter().all(|person| {
                next.people.push(*person);
                next.is_valid()
            }),
            Write::SetEmail(email, below) => next.each(|person| person.0 < *below, |person| person.1 = *email),
            Write::Grow(by, below) => next.each(|person| person.0 < *below, |person| person.3 += by),
            Write::Move(team, below) => next.each(|person| person.0 < *below, |person| person.2 = *team),
            Write::Renumber(by, from) => next.each(|person| person.0 >= *from, |person| person.0 += by),
            Write::Delete(below) => {
                next.people.retain(|person| person.0 >= *below);
                true
            }
            Write::AddTeam(team) => {
                next.teams.push(*team);
                next.is_valid()
            }
            Write::DeleteTeam(team) => {
                next.teams.retain(|other| other != team);
                next.is_valid()
            }
        };
        if done {
            *self = next;
        }
        done
    }

    fn each(&mut self, which: impl Fn(&Person) -> bool, change: impl Fn(&mut Person)) -> bool {
        let chosen: Vec<usize> = (0..self.people.len()).filter(|at| which(&self.people[*at])).collect();
        chosen.into_iter().all(|at| {
            change(&mut self.people[at]);
            self.is_valid()
        })
    }

    fn show(&self) -> String {
        let or_null = |value: Option<i32>| value.map_or("null".into(), |value| value.to_string());
        let row = |p: &Person| format!("{}|{}|{}|{}", p.0, or_null(p.1), or_null(p.2), p.3);
        self.people.iter().map(row).collect::<Vec<_>>().join("\n")
    }
}

fn or_null(value: Option<i32>) -> String {
    value.map_or("null".into(), |value| value.to_string())
}

fn do_write(table: &mut Table, write: &Write) -> bool {
    let below = |id: &i32| format!("id < {id}");
    let outcome = match write {
        Write::Insert(people) => {
            let row = |p: &Person| format!("{}, {}, {}, {}", p.0, or_null(p.1), or_null(p.2), p.3);
            let rows: Vec<String> = people.iter().map(row).collect();
            let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
            table.insert("", "people(id, email, team, size)", &rows)
        }
        Write::SetEmail(email, id) => table.update("", "people", &[("email", &or_null(*email))], &below(id)),
        Write::Grow(by, id) => table.update("", "people", &[("size", &format!("size + {by}"))], &below(id)),
        Write::Move(team, id) => table.update("", "people", &[("team", &or_null(*team))], &below(id)),
        Write::Renumber(by, id) => table.update("", "people", &[("id", &format!("id + {by}"))], &format!("id >= {id}")),
        Write::Delete(id) => table.delete("", "people", &below(id)),
        Write::AddTeam(team) => table.insert("", "teams(id)", &[&team.to_string()]),
        Write::DeleteTeam(team) => table.delete("", "teams", &format!("id = {team}")),
    };
    outcome.is_ok()
}

fn person() -> impl Strategy<Value = Person> {
    (0..12, prop::option::of(0..6), prop::option::of(0..4), -1..11)
}

fn writes() -> impl Strategy<Value = Write> {
    prop_oneof![
        4 => prop::collection::vec(person(), 1..4).prop_map(Write::Insert),
        1 => (prop::option::of(0..6), 0..12).prop_map(|(email, id)| Write::SetEmail(email, id)),
        1 => (-2..3, 0..12).prop_map(|(by, id)| Write::Grow(by, id)),
        1 => (prop::option::of(0..4), 0..12).prop_map(|(team, id)| Write::Move(team, id)),
        1 => (-2..3, 0..12).prop_map(|(by, id)| Write::Renumber(by, id)),
        1 => (0..6).prop_map(Write::Delete),
        1 => (0..4).prop_map(Write::AddTeam),
        1 => (0..4).prop_map(Write::DeleteTeam),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn writes_do_what_they_do_to_a_vector(writes in prop::collection::vec(writes(), 1..40)) {
        let mut table = Table::open(SCRIPT);
        let mut naive = Naive { people: Vec::new(), teams: vec![0, 1, 2] };
        for write in &writes {
            prop_assert_eq!(do_write(&mut table, write), naive.write(write), "{:?}", write);
            prop_assert_eq!(table.show("people"), naive.show());
        }
    }
}
