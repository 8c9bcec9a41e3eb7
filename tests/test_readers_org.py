"""The Org reader."""

from ingest.readers import read

ORG = b"""#+TITLE: The house
#+AUTHOR: nobody
# a comment

Words before /any/ heading.
* TODO [#A] Kitchen  :food:warm:
:PROPERTIES:
:ID: 17
:END:
The kettle is *blue*[fn:1], see [[https://x.org][the manual]]
and =a*b*c=.
** Drawer
SCHEDULED: <2024-01-01 Mon>
- spoons
  of two kinds
  - large ones
  - [X] small ones
- Fork :: has four tines

Then:

1. first
2. second

| Thing | Number |
|-------+--------|
| knife |      3 |
| plate |      8 |

#+begin_src python
  def boil():
      pass
#+end_src
#+BEGIN_QUOTE
Quoted *words*.
#+END_QUOTE
: verbatim | words
#+begin_comment
hidden
#+end_comment

[fn:1] A dark one.
"""

TEXT = """Words before any heading.

Kitchen

The kettle is blue[1], see the manual and a*b*c.

Drawer

- spoons of two kinds
  - large ones
  - small ones
- Fork: has four tines

Then:

1. first
2. second

Thing: knife | Number: 3
Thing: plate | Number: 8

def boil():
    pass

Quoted words.

verbatim | words

[1] A dark one."""


def test_an_org_file_is_read_without_its_markup() -> None:
    content = read(ORG, "house.org")
    assert content.text == TEXT
    assert content.title == "The house"
    assert [section.path for section in content.sections] == [("Kitchen",), ("Kitchen", "Drawer")]
    assert all(content.text.startswith(section.path[-1], section.start) for section in content.sections)


def test_what_is_left_open_ends_with_the_file() -> None:
    assert read(b"* A\n#+begin_src c\nint x;", "a.org").text == "A\n\nint x;"
    assert read(b":LOGBOOK:\nwords", "a.org").text == "words"
