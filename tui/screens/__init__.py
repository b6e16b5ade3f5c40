"""The screens: start, waiting, room, invite, person, question, help, problem."""
