.PHONY: check run pyz libraries

check:  ## every check
	python3 tests/run.py

run:  ## a server from the checkout, on a data folder of its own
	python3 airunner.py serve --data build/data

pyz:  ## airunner.pyz
	python3 zipapp/build.py

libraries:  ## the browser libraries, into web/vendor/
	python3 zipapp/build.py --libraries
