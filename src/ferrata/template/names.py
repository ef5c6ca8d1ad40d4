"""Names of files that the template gives to every project."""

ANSWERS_FILE = ".copier-answers.yml"
